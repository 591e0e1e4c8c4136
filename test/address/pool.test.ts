import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Cidr, contains, overlaps, parseCidr, prefixLengthOf } from '../../src/address/cidr.ts'
import {
  assertNoOverlap,
  nextFreeRange,
  ulaRange,
  validateNetworkRange,
  validateNetworkRangeIpv6,
} from '../../src/address/pool.ts'
import { WeftError } from '../../src/errors.ts'

function refuses(action: () => unknown, field: string, pattern: RegExp, code = 'invalid-input') {
  assert.throws(action, (error) => {
    assert.ok(error instanceof WeftError)
    assert.deepEqual([error.code, error.field], [code, field])
    assert.match(error.message, pattern)
    assert.ok(error.advice)
    return true
  })
}

function check(ipv4: string, nodePrefixLength: number) {
  return () => validateNetworkRange(parseCidr(ipv4), nodePrefixLength)
}

describe('validateNetworkRange', () => {
  it('takes private ranges with room for two members or more', () => {
    const good = [
      ['10.0.0.0/8', 32],
      ['10.0.0.0/8', 24],
      ['172.16.0.0/12', 32],
      ['192.168.7.0/24', 26],
    ] as const
    for (const [ipv4, nodePrefixLength] of good) check(ipv4, nodePrefixLength)()
    check('10.0.0.0/30', 32)()
    check('10.0.0.0/29', 31)()
  })

  it('refuses ranges without room for two, and says so', () => {
    refuses(check('10.0.0.0/31', 32), 'ipv4', /room for no member/)
    refuses(check('10.0.0.0/16', 17), 'ipv4', /room for one member only/)
    refuses(check('10.0.0.0/30', 31), 'ipv4', /room for no member/)
  })

  it('refuses a nodePrefixLength that does not lie behind the prefix', () => {
    for (const length of [-1, 0, 16, 33, 24.5, Number.NaN]) {
      refuses(check('10.0.0.0/16', length), 'nodePrefixLength', /cannot have/)
    }
    refuses(check('10.0.0.1/32', 32), 'nodePrefixLength', /cannot have/)
  })

  it('refuses ranges with a meaning of their own, and says why', () => {
    refuses(check('0.0.0.0/8', 16), 'ipv4', /this host/)
    refuses(check('127.0.0.0/16', 24), 'ipv4', /loopback/)
    refuses(check('169.254.0.0/16', 24), 'ipv4', /link-local/)
    refuses(check('224.0.0.0/8', 24), 'ipv4', /multicast/)
    refuses(check('100.64.0.0/16', 24), 'ipv4', /providers/)
    refuses(check('255.0.0.0/16', 24), 'ipv4', /reserved/)
    refuses(check('0.0.0.0/0', 24), 'ipv4', /cannot be used/)
  })

  it('refuses public ranges, also those that only reach out of a private one', () => {
    refuses(check('8.8.0.0/16', 24), 'ipv4', /not private/)
    refuses(check('172.32.0.0/16', 24), 'ipv4', /not private/)
    refuses(check('10.0.0.0/7', 24), 'ipv4', /not private/)
  })
})

describe('validateNetworkRangeIpv6', () => {
  it('takes a /48 of unique local addresses only', () => {
    validateNetworkRangeIpv6(parseCidr('fd12:3456:789a::/48'))
    for (const text of ['fd12:3456:789a::/64', 'fd00::/8', '2001:db8::/48', 'fc00::/48', '::/0']) {
      refuses(() => validateNetworkRangeIpv6(parseCidr(text)), 'ipv6', /not a \/48|cannot be used/)
    }
    refuses(() => validateNetworkRangeIpv6(parseCidr('fe80::/48')), 'ipv6', /link-local/)
    refuses(() => validateNetworkRangeIpv6(parseCidr('ff02::/48')), 'ipv6', /multicast/)
  })
})

describe('assertNoOverlap', () => {
  const taken = [parseCidr('10.0.0.0/16'), parseCidr('10.64.0.0/12'), parseCidr('fd00::/48')]

  it('names the range that is in the way', () => {
    refuses(
      () => assertNoOverlap(parseCidr('10.0.0.0/8'), taken),
      'ipv4',
      /10\.0\.0\.0\/8 overlaps 10\.0\.0\.0\/16/,
      'range-overlap',
    )
    refuses(
      () => assertNoOverlap(parseCidr('10.65.0.0/16'), taken),
      'ipv4',
      /10\.64\.0\.0\/12/,
      'range-overlap',
    )
    refuses(() => assertNoOverlap(parseCidr('fd00::/48'), taken), 'ipv6', /fd00::\/48/, 'range-overlap')
  })

  it('lets a free range pass', () => assertNoOverlap(parseCidr('10.1.0.0/16'), taken))
})

describe('nextFreeRange', () => {
  it('gives the lowest free /16', () => {
    const pool = [parseCidr('10.0.0.0/8')]
    assert.equal(nextFreeRange(pool, []), '10.0.0.0/16')
    assert.equal(nextFreeRange(pool, [parseCidr('10.0.77.0/24')]), '10.1.0.0/16')
    assert.equal(nextFreeRange(pool, [parseCidr('10.0.0.0/12'), parseCidr('10.3.0.0/16')]), '10.16.0.0/16')
  })

  it('gives a small pool as a whole, then goes to the next pool, then has nothing left', () => {
    const pool = [parseCidr('192.168.4.0/22'), parseCidr('10.9.0.0/16')]
    assert.equal(nextFreeRange(pool, []), '192.168.4.0/22')
    assert.equal(nextFreeRange(pool, [parseCidr('192.168.5.0/32')]), '10.9.0.0/16')
    assert.equal(nextFreeRange(pool, [parseCidr('192.0.0.0/8'), parseCidr('10.9.1.0/24')]), undefined)
  })

  it('agrees with trying every /16 one after the other', () => {
    const range = fc
      .tuple(fc.nat(7), fc.nat(3), fc.integer({ min: 11, max: 18 }))
      .map(([second, third, prefix]) => maskedRange(`10.${second}.${third * 64}.0`, prefix))
    const pools = fc.array(range, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(pools, fc.array(range, { maxLength: 12, size: 'max' }), (pool, taken) => {
        assert.equal(nextFreeRange(pool, taken), slowNext(pool, taken))
      }),
      { numRuns: 1_000 },
    )
  })

  it('finds the last gap among 10,000 taken ranges, in any order', () => {
    const taken: Cidr[] = []
    for (let second = 0; second < 255; second++) {
      for (let third = 0; third < 40; third++) taken.push(parseCidr(`10.${second}.${third * 6}.0/24`))
    }
    taken.reverse().push(parseCidr('fd00::/48'))
    assert.ok(taken.length > 10_000)
    const start = performance.now()
    assert.equal(nextFreeRange([parseCidr('10.0.0.0/8')], taken), '10.255.0.0/16')
    assert.ok(performance.now() - start < 1_000)
  })
})

describe('ulaRange', () => {
  it('is fd and 40 random bits', () => {
    assert.equal(
      ulaRange(() => Uint8Array.from([0x12, 0x34, 0x56, 0x78, 0x9a])),
      'fd12:3456:789a::/48',
    )
    assert.equal(
      ulaRange((length) => new Uint8Array(length)),
      'fd00::/48',
    )
  })

  it('is always a range that a network can have', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 5, maxLength: 5 }), (bytes) => {
        validateNetworkRangeIpv6(ulaRange(() => bytes))
      }),
    )
  })
})

function maskedRange(address: string, prefix: number): Cidr {
  try {
    return parseCidr(`${address}/${prefix}`)
  } catch (error) {
    assert.ok(error instanceof WeftError)
    return parseCidr(/The range is (.*)\./.exec(error.advice ?? '')?.[1] ?? '')
  }
}

function slowNext(pools: readonly Cidr[], taken: readonly Cidr[]): Cidr | undefined {
  for (const pool of pools) {
    const small = prefixLengthOf(pool) > 16
    const tries = small
      ? [pool]
      : Array.from({ length: 256 }, (_, second) => parseCidr(`10.${second}.0.0/16`)).filter((each) =>
          contains(pool, each),
        )
    const found = tries.find((each) => !taken.some((other) => overlaps(each, other)))
    if (found) return found
  }
  return undefined
}
