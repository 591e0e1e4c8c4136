import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toNodeId } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import {
  ID_BYTES,
  isName,
  networkIdBytes,
  parseNetworkId,
  parseTokenId,
  toName,
  toNetworkId,
  toTokenId,
} from '../../src/model/names.ts'

const idBytes = fc.uint8Array({ minLength: ID_BYTES, maxLength: ID_BYTES })

describe('ids', () => {
  it('are a prefix and 16 characters, and give back their bytes', () => {
    fc.assert(
      fc.property(idBytes, (bytes) => {
        const [network, token] = [toNetworkId(bytes), toTokenId(bytes)]
        assert.match(network, /^net-[a-z2-7]{16}$/)
        assert.match(token, /^tok-[a-z2-7]{16}$/)
        assert.equal(parseNetworkId(network), network)
        assert.equal(parseTokenId(token), token)
        assert.deepEqual(networkIdBytes(network), bytes)
      }),
    )
  })

  it('are not taken for one another, nor in another form', () => {
    const network = toNetworkId(systemRandom(ID_BYTES))
    const token = toTokenId(systemRandom(ID_BYTES))
    assert.equal(parseTokenId(network), undefined)
    assert.equal(parseNetworkId(token), undefined)
    for (const text of [
      '',
      'net-',
      network.slice(0, -1),
      `${network}a`,
      network.toUpperCase(),
      ` ${network}`,
    ]) {
      assert.equal(parseNetworkId(text), undefined, text)
    }
  })
})

describe('isName', () => {
  it('takes DNS labels', () => {
    for (const name of ['a', 'web-1', '7', 'x'.repeat(63), 'a--b', 'xn--bcher-kva', 'net-work'])
      assert.ok(isName(name), name)
  })

  it('refuses all else', () => {
    const others = [
      '',
      '-a',
      'a-',
      'A',
      'a.b',
      'a_b',
      'a b',
      'a\n',
      'ä',
      'x'.repeat(64),
      '--json',
      '../a',
      'a;id',
    ]
    for (const name of others) assert.ok(!isName(name), name)
  })

  it('refuses what could be an id, so that a name in a URL is never ambiguous', () => {
    fc.assert(
      fc.property(idBytes, fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes, node) => {
        assert.ok(!isName(toNetworkId(bytes)))
        assert.ok(!isName(toNodeId(node)))
      }),
    )
  })
})

describe('toName', () => {
  it('comes near to the name of a host', () => {
    assert.equal(toName('Web-1.Example.ORG'), 'web-1-example-org')
    assert.equal(toName('__db__'), 'db')
    assert.equal(toName('büro 3'), 'b-ro-3')
    assert.equal(toName(`${'a'.repeat(62)}-b`), 'a'.repeat(62))
  })

  it('gives `node` where nothing is left or an id would come out', () => {
    for (const text of ['', '...', '日本', toNodeId(systemRandom(16)), toNetworkId(systemRandom(ID_BYTES))]) {
      assert.equal(toName(text), 'node', text)
    }
  })

  it('always gives a name, and keeps one that is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => assert.ok(isName(toName(text)))),
    )
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/), (text) => {
        assert.equal(toName(text), isName(text) ? text : 'node')
      }),
    )
  })
})
