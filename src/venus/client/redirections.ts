/** From which server the contents of volumes are fetched, where somebody has said it. Forgotten when venus ends. */
export class Redirections {
  readonly #servers = new Map<number, string>();

  /** The name of the server. */
  of(volume: number): string | undefined {
    return this.#servers.get(volume);
  }

  /** @param server its name; none to fetch from any */
  set(volume: number, server: string | undefined): void {
    if (server === undefined) this.#servers.delete(volume);
    else this.#servers.set(volume, server);
  }
}
