import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PrivateKey } from '../../src/keys/wireguard.ts'
import { findSecrets } from './search.ts'

test('a key is found in every form, wherever it stands, and nothing else is taken for it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-search-'))
  try {
    const key = randomBytes(32)
    const inside = (before: number) => Buffer.concat([randomBytes(before), key, randomBytes(5)])
    const files: Record<string, Uint8Array | string> = {
      raw: inside(7),
      clamped: new PrivateKey(key).expose(),
      hex: key.toString('hex'),
      'upper-hex': key.toString('hex').toUpperCase(),
      base64: key.toString('base64'),
      base64url: key.toString('base64url'),
      'inner-0': inside(30).toString('base64'),
      'inner-1': inside(31).toString('base64'),
      'inner-2': inside(32).toString('base64url'),
      'deep/json': JSON.stringify({ key: key.toString('base64') }),
    }
    mkdirSync(join(folder, 'deep'))
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    writeFileSync(join(folder, 'innocent'), randomBytes(100_000))
    const secrets = [
      { name: 'planted', bytes: key },
      { name: 'absent', bytes: randomBytes(32) },
    ]
    const hits = findSecrets(folder, secrets)
    assert.deepEqual(
      new Set(hits.map(({ secret, file }) => `${secret} in ${file}`)),
      new Set(Object.keys(files).map((file) => `planted in ${file}`)),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
