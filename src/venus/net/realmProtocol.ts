import type { Nothing } from './link.ts';

/** What clients and administrators ask the server that knows the realm: passwords, users, groups, where volumes are. */
export interface RealmProtocol {
  /** A token for the right password. Lifetime in seconds, at most the realm's own. */
  readonly login: {
    request: { readonly user: string; readonly password: string; readonly lifetime: number | undefined };
    reply: IssuedToken;
  };
  readonly changePassword: {
    request: { readonly user: string; readonly oldPassword: string; readonly newPassword: string };
    reply: Nothing;
  };
  readonly nameOfUser: { request: { readonly viceId: number }; reply: { readonly name: string | undefined } };

  readonly listUsers: { request: Nothing; reply: readonly UserDescription[] };
  readonly addUser: {
    request: { readonly name: string; readonly password: string; readonly administrator: boolean };
    reply: Nothing;
  };
  readonly resetPassword: {
    request: { readonly name: string; readonly password: string };
    reply: Nothing;
  };
  readonly removeUser: { request: { readonly name: string }; reply: Nothing };
  readonly listGroups: { request: Nothing; reply: readonly GroupDescription[] };
  /** Makes a group, or adds members to one. */
  readonly addGroup: { request: GroupRequest; reply: Nothing };
  /** Takes members out of a group; removes the group if none are named. */
  readonly removeGroup: { request: GroupRequest; reply: Nothing };

  readonly listServers: { request: Nothing; reply: readonly ServerDescription[] };
  readonly listVolumes: { request: Nothing; reply: readonly VolumeLocation[] };
  readonly locateVolume: {
    request: { readonly name: string } | { readonly id: number };
    reply: { readonly location: VolumeLocation | undefined };
  };
  readonly createVolume: {
    request: {
      readonly name: string;
      readonly owner: string | undefined;
      readonly maxQuota: number;
      /** Those that hold it, in the order of their places; all if none are named. */
      readonly servers?: readonly string[];
    };
    reply: VolumeLocation;
  };
  /** Sets numbers aside for a volume that is about to be restored: the one that it had, if nobody can have it here. */
  readonly reserveVolume: {
    request: { readonly name: string; readonly wanted: number };
    reply: VolumeLocation;
  };
  /** A volume has been restored on its servers: from now on it can be used. */
  readonly publishVolume: { request: VolumeLocation; reply: Nothing };
}

export interface IssuedToken {
  readonly secret: Uint8Array;
  readonly viceId: number;
  /** Seconds since 1970. */
  readonly begins: number;
  readonly ends: number;
}

export interface UserDescription {
  readonly id: number;
  readonly name: string;
  readonly groups: readonly string[];
}

export interface GroupDescription {
  readonly id: number;
  readonly name: string;
  readonly members: readonly string[];
}

interface GroupRequest {
  readonly name: string;
  readonly members: readonly string[];
}

export interface ServerDescription {
  readonly name: string;
  readonly address: string;
}

/** Where a volume is: its servers in the order of its storage group. */
export interface VolumeLocation {
  readonly id: number;
  readonly name: string;
  readonly replicas: readonly {
    readonly server: string;
    readonly address: string;
    readonly volume: number;
  }[];
}
