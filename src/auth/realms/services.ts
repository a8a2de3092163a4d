import { readFileSync } from 'node:fs';

/** The text of this machine's database of services; empty where there is none, as ports have their defaults. */
export function readServices(): string {
  try {
    return readFileSync('/etc/services', 'utf8');
  } catch {
    return '';
  }
}
