import type { DumpedPrincipal, DumpedRights } from '../../../dump/record.ts';
import type { UnknownPrincipal } from '../../net/dumpProtocol.ts';
import { ADMINISTRATORS } from '../../tree/identity.ts';
import type { StoredRights } from '../../tree/vnodes.ts';
import type { ProtectionDatabase } from '../protection/protectionDatabase.ts';

/**
 * Whom the ids of a dump stand for in this realm: the user or group of the same name. Where there is none, the number
 * stays only if it can never become somebody else's; if not, access goes to nobody, and the object to the administrators.
 */
export class PrincipalMap {
  readonly #protection: ProtectionDatabase;
  readonly #dumped = new Map<number, DumpedPrincipal>();
  readonly #here = new Map<number, number | undefined>();
  readonly #unknown: UnknownPrincipal[] = [];

  constructor(protection: ProtectionDatabase) {
    this.#protection = protection;
  }

  get unknown(): readonly UnknownPrincipal[] {
    return this.#unknown;
  }

  add(principals: readonly DumpedPrincipal[]): void {
    for (const principal of principals) this.#dumped.set(principal.id, principal);
  }

  owner(id: number): number {
    return this.#idHere(id) ?? ADMINISTRATORS.id;
  }

  rights(dumped: readonly DumpedRights[]): readonly StoredRights[] {
    const here = dumped.flatMap(({ id, rights }) => {
      const known = this.#idHere(id);
      return known === undefined ? [] : [{ id: known, rights }];
    });
    return here.sort((a, b) => a.id - b.id);
  }

  #idHere(id: number): number | undefined {
    if (!this.#here.has(id)) this.#here.set(id, this.#find(id));
    return this.#here.get(id);
  }

  #find(id: number): number | undefined {
    const dumped = this.#dumped.get(id);
    const here = dumped && this.#protection.byName(dumped.name);
    if (here && here.kind === dumped.type) return here.id;
    const isKept = this.#protection.isRetired(id);
    this.#unknown.push({ id, name: dumped?.name, isKept });
    return isKept ? id : undefined;
  }
}
