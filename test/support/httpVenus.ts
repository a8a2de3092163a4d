import { type Server, createServer } from 'node:http';

/** What came over HTTP. */
export interface HttpCall {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly json: unknown;
}

export interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** The HTTP half of a venus that listens at a socket; it answers what the test says, and keeps what it was asked. */
export class HttpVenus {
  readonly path: string;
  readonly requests: HttpCall[] = [];
  readonly #server: Server;
  #answer: Answer = { status: 500, json: {} };

  static async start(path: string): Promise<HttpVenus> {
    const venus = new HttpVenus(path);
    await new Promise<void>((resolve) => venus.#server.listen(path, resolve));
    return venus;
  }

  private constructor(path: string) {
    this.path = path;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const json: unknown = text === '' ? undefined : JSON.parse(text);
        this.requests.push({ method: request.method, url: request.url, json });
        response.writeHead(this.#answer.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(this.#answer.json));
      });
    });
  }

  /** What every request gets from now on. */
  answer(answer: Answer): void {
    this.#answer = answer;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
