/** What passes between a venus and a process that it starts for one of its nodes, on the channel between the two. */
import * as v from 'valibot';
import { clientSettingsSchema } from '../client/clientSettings.ts';

const place = v.object({ name: v.string(), socket: v.string(), settings: clientSettingsSchema });
const server = v.object({ name: v.string(), address: v.string() });
const pair = v.object({ one: v.string(), other: v.string() });

const common = {
  dataDirectory: v.string(),
  /** Where the nodes listen for each other. */
  sockets: v.string(),
  uid: v.number(),
  cut: v.array(pair),
  /** All servers of the realm. */
  servers: v.array(server),
};

/** What a process is to be. It is the first message, and the only one to the process. */
export const nodeSetupSchema = v.variant('role', [
  v.object({ role: v.literal('server'), ...common, name: v.string(), clients: v.array(v.string()) }),
  v.object({ role: v.literal('client'), ...common, realmName: v.string(), client: place }),
]);
export type NodeSetup = v.InferOutput<typeof nodeSetupSchema>;

/** What the process answers, once. */
export const nodeReportSchema = v.variant('kind', [
  v.object({ kind: v.literal('ready') }),
  v.object({
    kind: v.literal('failed'),
    code: v.string(),
    message: v.string(),
    why: v.exactOptional(v.string()),
    next: v.exactOptional(v.string()),
  }),
]);
export type NodeReport = v.InferOutput<typeof nodeReportSchema>;

/** Names of the services on the sockets. */
export const services = {
  files: 'files',
  peers: 'peers',
  callbacks: 'callbacks',
  realm: 'realm',
  venus: 'venus',
  node: 'node',
} as const;

/** The process that starts the others, as a node. No client can have its name. */
export const VENUS_NODE = '-venus';

/** The sockets of the nodes, in the directory for them. */
export const nodeSocket = {
  venus: (sockets: string): string => `${sockets}/venus.sock`,
  server: (sockets: string, name: string): string => `${sockets}/server-${name}.sock`,
  client: (sockets: string, name: string): string => `${sockets}/client-${name}.sock`,
} as const;
