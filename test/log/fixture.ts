import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretBytes } from '../../src/keys/secret.ts'
import { SigningKey } from '../../src/keys/signature.ts'
import type { Draft, Entry, Log } from '../../src/log/log.ts'
import type { Event } from '../../src/model/event.ts'

/** A directory of its own on a real disk, which goes away at the end of the scope. */
export async function scratch(): Promise<AsyncDisposable & { readonly path: string; readonly log: string }> {
  const path = await mkdtemp(join(tmpdir(), 'weft-log-'))
  return {
    path,
    log: join(path, 'log.db'),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/** A change that can be told from others by its number; `size` is how many events it has. */
export function change(number: number, size = 1): Draft {
  const events = Array.from({ length: size }, () => ({ type: 'epoch-raised', epoch: number }) as const)
  return { operation: `op-${number}`, at: 1_700_000_000_000 + number, actor: 'system', events }
}

/** Appends changes `from` to `to` at once, each expecting the one before it. */
export function appendAll(log: Log, from: number, to: number, size = 1) {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index)
  const start = log.head().sequence
  return Promise.all(numbers.map((number, index) => log.append(start + index, change(number, size))))
}

export async function collect(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const all: Entry[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

export const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(9)))

/** A controller began whose snapshots and heads `signing` signs. */
export const INITIALISED: Event = {
  type: 'controller-initialised',
  epoch: 1,
  publicKey: signing.publicKey,
  wrappedSeed: 's',
  certificate: 'c',
  wrappedCertificateKey: 'k',
}

/** The first entry of that controller. */
export const FIRST: Draft = { ...change(1), events: [INITIALISED] }
