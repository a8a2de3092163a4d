import { Client } from './twoClients.ts';
import { TestRealm } from './support.ts';

const PARTED = [
  ['laptop', 's2'],
  ['laptop', 's3'],
  ['desk', 's1'],
  ['s1', 's2'],
  ['s1', 's3'],
] as const;

/** A realm of three servers, in which somebody works at two places: when it is parted, laptop reaches s1, and desk s2 and s3. */
export class PartedServers {
  readonly realm: TestRealm;
  readonly laptop: Client;
  readonly desk: Client;

  /**
   * Its users, administrators both, may do everything everywhere: luqi at the laptop, jan at the desk.
   * @param options more of `coda up`
   */
  static async start(...options: readonly string[]): Promise<PartedServers> {
    const realm = await TestRealm.start('--servers', 's1,s2,s3', '--clients', 'laptop,desk', ...options);
    const [laptop, desk] = [await Client.open(realm, 'laptop'), await Client.open(realm, 'desk')];
    for (const [client, user] of [
      [laptop, 'luqi'],
      [desk, 'jan'],
    ] as const) {
      const input = `${user}${user}\n`;
      await laptop.ok('coda', ['realm', 'user', 'add', user, '--administrator'], { input });
      await client.ok('clog', [`${user}@test.realm`], { input });
    }
    await laptop.ok('cfs', ['setacl', '.', 'luqi', 'all', 'jan', 'all']);
    return new PartedServers(realm, laptop, desk);
  }

  private constructor(realm: TestRealm, laptop: Client, desk: Client) {
    this.realm = realm;
    this.laptop = laptop;
    this.desk = desk;
  }

  /** What is done while the servers do not see each other. */
  async parted(work: (laptop: Client, desk: Client) => Promise<unknown>): Promise<void> {
    for (const ends of PARTED) await this.laptop.ok('coda', ['realm', 'link', 'cut', ...ends]);
    try {
      await work(this.laptop, this.desk);
    } finally {
      for (const ends of PARTED.toReversed())
        await this.laptop.ok('coda', ['realm', 'link', 'heal', ...ends]);
    }
  }

  async end(): Promise<void> {
    await this.laptop.close();
    await this.desk.close();
    await this.realm.end();
  }
}
