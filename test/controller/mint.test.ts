import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Mint } from '../../src/controller/mint.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { openSeal } from '../../src/keys/seal.ts'
import type { KeyStock } from '../../src/keys/stock.ts'
import {
  createKeyPair,
  type KeyPair,
  PrivateKey,
  publicKeyOf,
  toPublicKey,
} from '../../src/keys/wireguard.ts'

const owners = Array.from({ length: 120 }, () => createKeyPair(systemRandom))
const keysOf = (pairs: readonly KeyPair[]) => pairs.map(({ publicKey }) => publicKey)
const unexpected = (cause: unknown) => assert.fail(String(cause))

/** Takes a key for each owner out of the stock, opens it as that owner, and gives the public halves. */
function assertGood(stock: KeyStock, pairs: readonly KeyPair[]): string[] {
  return pairs.map(({ publicKey: owner, privateKey }, at) => {
    const { publicKey, sealedKey } = stock.issue(owner, `place ${at}`)
    const secret = openSeal(Buffer.from(sealedKey, 'base64'), privateKey, owner, `place ${at}`)
    assert.equal(publicKeyOf(new PrivateKey(secret.expose())), publicKey)
    return publicKey
  })
}

describe('The mint', () => {
  it('makes keys for many changes at once, each its own', async () => {
    using mint = new Mint(unexpected)
    const parts = [owners.slice(0, 1), owners.slice(1, 3), owners.slice(3)]
    const stocks = await Promise.all(parts.map((part) => mint.stock(keysOf(part))))
    const keys = stocks.flatMap((stock, at) => assertGood(stock, parts[at] ?? []))
    assert.equal(new Set(keys).size, owners.length)
  })

  it('has something for everybody when few ask, when it is closed, and when it is closed meanwhile', async () => {
    const mint = new Mint(unexpected)
    const some = owners.slice(0, 8)
    assertGood(await mint.stock(keysOf(some.slice(0, 1))), some)
    const asked = mint.stock(keysOf(some))
    setImmediate(() => mint[Symbol.dispose]())
    assertGood(await asked, some)
    assertGood(await mint.stock(keysOf(some)), some)
  })

  it('lets who asks for a key that cannot be find out why, and serves the others', async () => {
    using mint = new Mint(unexpected)
    const some = owners.slice(0, 5)
    const lowOrder = toPublicKey(new Uint8Array(32))
    const [good, bad] = await Promise.all([mint.stock(keysOf(some)), mint.stock([lowOrder])])
    assertGood(good, some)
    assert.throws(() => bad.issue(lowOrder, 'place'))
    assertGood(await mint.stock(keysOf(some)), some)
  })

  it('says once that it has no thread any more, and goes on without', async () => {
    const failures: unknown[] = []
    using mint = new Mint((cause) => failures.push(cause), new URL('no-such-file.ts', import.meta.url))
    const some = owners.slice(0, 8)
    assertGood(await mint.stock(keysOf(some)), some)
    assertGood(await mint.stock(keysOf(some)), some)
    assert.equal(failures.length, 1)
  })
})
