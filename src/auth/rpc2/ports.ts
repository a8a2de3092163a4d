/** Datagrams to and from one server, passed in: tests give a connection a network of their own. */
export interface DatagramPort {
  /** A datagram that cannot be sent is lost, as others are. */
  send(datagram: Uint8Array): void;
  /** What came in; one handler. */
  onDatagram(handler: (datagram: Uint8Array) => void): void;
  /** Why the last datagram could not be sent, if it could not. */
  readonly problem: string | undefined;
  close(): void;
}

/** Where a server listens. */
export interface ServerAddress {
  /** As a person knows it. */
  readonly name: string;
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}
