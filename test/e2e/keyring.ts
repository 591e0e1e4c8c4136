import assert from 'node:assert/strict'
import { createPrivateKey, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { canonicalFields } from '../../src/keys/fields.ts'
import { Identity, parseSeed } from '../../src/keys/identity.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { unwrap } from '../../src/keys/wrap.ts'
import type { Host } from '../../src/lab/host.ts'
import type { Authority } from '../../src/model/state.ts'
import { parseJoinToken } from '../../src/protocol/jointoken.ts'
import type { Secret } from './search.ts'

/** All that a controller keeps to itself: the wrapping key, and what it hides in the log. */
export function controllerSecrets({ dir }: Host): Secret[] {
  const data = join(dir, 'data')
  const wrappingKey = Buffer.from(readFileSync(join(data, 'wrapping.key'), 'utf8').trim(), 'base64url')
  const { wrappedSeed, wrappedCertificateKey } = authorityIn(join(data, 'log.db'))
  const open = (wrapped: string, place: string) =>
    unwrap(Buffer.from(wrapped, 'base64'), new SecretBytes(wrappingKey), place).expose()
  const certificateKey = createPrivateKey(
    Buffer.from(open(wrappedCertificateKey, 'controller certificate key')),
  )
  return [
    { name: 'wrapping key', bytes: wrappingKey },
    { name: 'controller signing key', bytes: open(wrappedSeed, 'controller signing key') },
    {
      name: 'certificate key',
      bytes: Buffer.from(certificateKey.export({ format: 'jwk' }).d ?? '', 'base64url'),
    },
  ]
}

/** The identity seed of the agent on a host, and the keys that follow from it. */
export function nodeSecrets({ name, dir }: Host): Secret[] {
  const seed = parseSeed(readFileSync(join(dir, 'state', 'identity.seed'), 'utf8'))
  assert.ok(seed)
  const info = canonicalFields('weft/1 derive', 'identity')
  const signingSeed = new Uint8Array(hkdfSync('sha256', seed.expose(), new Uint8Array(), info, 32))
  return [
    { name: `seed of ${name}`, bytes: seed.expose() },
    { name: `signing key of ${name}`, bytes: signingSeed },
    { name: `sealing key of ${name}`, bytes: new Identity(seed).sealing.privateKey.expose() },
  ]
}

/** A secret that is text for 32 bytes: both, for the text may have been encoded once more. */
export function textSecrets(name: string, text: string): Secret[] {
  const bytes = Buffer.from(text, 'base64url')
  assert.equal(bytes.length, 32)
  return [
    { name, bytes },
    { name, bytes: Buffer.from(text) },
  ]
}

/** What a join token proves its right by. */
export function joinSecrets(name: string, token: string): Secret[] {
  return textSecrets(name, Buffer.from(parseJoinToken(token).secret.expose()).toString())
}

/** The first entry of a log holds it. */
function authorityIn(file: string): Authority {
  using database = new DatabaseSync(file, { readOnly: true })
  const row = database.prepare('SELECT payload FROM entries WHERE sequence = 1').get()
  assert.ok(row?.payload instanceof Uint8Array)
  const { events }: { events: readonly ({ type: string } & Authority)[] } = JSON.parse(
    Buffer.from(row.payload).toString(),
  )
  const event = events.find(({ type }) => type === 'controller-initialised')
  assert.ok(event)
  return event
}
