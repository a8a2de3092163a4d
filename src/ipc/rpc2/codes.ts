/** Numbers of RPC2 and of auth2, and the texts that the C tools have for them (spec/rpc2.md, 2; spec/auth.md, 1.4). */

/** Of packets that are no requests; those of requests are positive. */
export const PacketKind = {
  Init1Open: -2,
  Init1AuthOnly: -3,
  Init1HeadersOnly: -4,
  Init1Secure: -5,
  Reply: -8,
  Init2: -10,
  Init3: -11,
  Init4: -12,
  Busy: -14,
  Naked: -2016,
} as const;

/** Bits of a packet's flags. */
export const Flag = {
  Retry: 0x01,
  /** The body is hidden by XOR, as old servers do it. */
  Encrypted: 0x02,
  /** The sender knows the secure handshake. */
  SecureCapable: 0x10,
} as const;

export const SecurityLevel = { Open: 98, Secure: 66 } as const;

/** How a client says who it is. */
export const AuthenticationType = { None: 0, UserName: 2 } as const;

export const ReturnCode = {
  Success: 0,
  OldVersion: -2,
  InvalidOpcode: -3,
  /** Below this one, codes are fatal. */
  ErrorLimit: -1000,
  Fail: -2001,
  NoBinding: -2004,
  NotAuthenticated: -2009,
  Dead: -2015,
  Naked: -2016,
} as const;

const rpc2Names: ReadonlyMap<number, string> = new Map([
  [0, 'RPC2_SUCCESS'],
  [-2, 'RPC2_OLDVERSION (W)'],
  [-3, 'RPC2_INVALIDOPCODE (W)'],
  [-4, 'RPC2_BADDATA (W)'],
  [-5, 'RPC2_NOGREEDY (W)'],
  [-6, 'RPC2_ABANDONED (W)'],
  [-1001, 'RPC2_CONNBUSY (E)'],
  [-1002, 'RPC2_SEFAIL1 (E)'],
  [-1003, 'RPC2_TOOLONG (E)'],
  [-1004, 'RPC2_NOMGROUP (E)'],
  [-1005, 'RPC2_MGRPBUSY (E)'],
  [-1006, 'RPC2_NOTGROUPMEMBER (E)'],
  [-1007, 'RPC2_DUPLICATEMEMBER (E)'],
  [-1008, 'RPC2_BADMGROUP (E)'],
  [-2001, 'RPC2_FAIL (F)'],
  [-2002, 'RPC2_NOCONNECTION (F)'],
  [-2003, 'RPC2_TIMEOUT (F)'],
  [-2004, 'RPC2_NOBINDING (F)'],
  [-2005, 'RPC2_DUPLICATESERVER (F)'],
  [-2006, 'RPC2_NOTWORKER (F)'],
  [-2007, 'RPC2_NOTCLIENT (F)'],
  [-2008, 'RPC2_WRONGVERSION (F)'],
  [-2009, 'RPC2_NOTAUTHENTICATED (F)'],
  [-2010, 'RPC2_CLOSECONNECTION (F)'],
  [-2011, 'RPC2_BADFILTER (F)'],
  [-2012, 'RPC2_LWPNOTINIT (F)'],
  [-2013, 'RPC2_BADSERVER (F)'],
  [-2014, 'RPC2_SEFAIL2 (F)'],
  [-2015, 'RPC2_DEAD (F)'],
  [-2016, 'RPC2_NAKED (F)'],
  [-2017, 'RPC2_SEFAIL3 (F)'],
  [-2018, 'RPC2_SEFAIL4 (F)'],
]);

/** The text for a return code of RPC2. */
export function rpc2Message(code: number): string {
  return rpc2Names.get(code) ?? `Unknown RPC2 return code ${code}`;
}

/** What auth2 answers. */
export const AuthCode = { Success: 0, Failed: 1, Denied: 2, BadKey: 3, ReadOnly: 4 } as const;

const authNames: ReadonlyMap<number, string> = new Map([
  [AuthCode.Success, 'AUTH_SUCCESS'],
  [AuthCode.Failed, 'AUTH_FAILED'],
  [AuthCode.Denied, 'AUTH_DENIED'],
  [AuthCode.BadKey, 'AUTH_BADKEY'],
  [AuthCode.ReadOnly, 'AUTH_READONLY'],
]);

/** The text for a return code of auth2. */
export function authMessage(code: number): string {
  return authNames.get(code) ?? 'Unknown Auth Return Code';
}
