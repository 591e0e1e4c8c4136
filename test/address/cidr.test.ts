import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Address4, Address6 } from 'ip-address'
import {
  addressBytes,
  addressFromBytes,
  contains,
  familyOf,
  hostRange,
  overlaps,
  parseAddress,
  parseCidr,
  prefixLengthOf,
  rangeAround,
} from '../../src/address/cidr.ts'
import { WeftError } from '../../src/errors.ts'

/** 32-bit groups made of few different values, so that runs of zeros and close neighbours are common. */
const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
const ipv4 = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((value) => Address4.fromBigInt(BigInt(value)))
const ipv6 = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((groups) => BigInt(`0x${groups.map((part) => part.toString(16).padStart(4, '0')).join('')}`))
  .filter((value) => value >> 32n !== 0xffffn)
  .map((value) => Address6.fromBigInt(value))
const address = fc.oneof(ipv4, ipv6)

/** Ranges near each other: few first bits differ, prefixes of every length. */
const cidr = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), fc.nat(3), fc.nat(3), fc.nat(128))
  .map(([family, high, low, prefix]) => {
    const width = family === 4 ? 32 : 128
    const length = Math.min(prefix, width)
    const value = (0x0an << BigInt(width - 8)) | (BigInt(high) << BigInt(width - 10)) | BigInt(low)
    const first = (value >> BigInt(width - length)) << BigInt(width - length)
    const text = family === 4 ? Address4.fromBigInt(first) : Address6.fromBigInt(first)
    return parseCidr(`${text.correctForm()}/${length}`)
  })

function refuses(action: () => unknown, ...patterns: RegExp[]) {
  assert.throws(action, (error) => {
    assert.ok(error instanceof WeftError)
    assert.equal(error.code, 'invalid-input')
    for (const pattern of patterns) assert.match(`${error.message} ${error.advice}`, pattern)
    return true
  })
}

describe('parseCidr', () => {
  it('keeps canonical ranges as they are', () => {
    for (const text of [
      '10.1.0.0/16',
      '0.0.0.0/0',
      '10.0.0.1/32',
      'fd12:3456:789a::/48',
      '::/0',
      '::1/128',
    ]) {
      assert.equal(parseCidr(text), text)
    }
  })

  it('makes other spellings of IPv6 canonical', () => {
    assert.equal(parseCidr('FD12:3456:789A:0000::0/48'), 'fd12:3456:789a::/48')
    assert.equal(parseCidr('1:0:0:2:0:0:0:3/128'), '1:0:0:2::3/128')
    assert.equal(parseCidr('1:0:0:2:3:0:0:4/128'), '1::2:3:0:0:4/128')
    assert.equal(parseCidr('1::2:3:4:5:6:7/128'), '1:0:2:3:4:5:6:7/128')
  })

  it('refuses host bits and says which range would be right', () => {
    refuses(() => parseCidr('10.1.2.3/16'), /10\.1\.2\.3\/16/, /The range is 10\.1\.0\.0\/16\./)
    refuses(() => parseCidr('fd12::1/48'), /The range is fd12::\/48\./)
  })

  it('refuses what is not a range', () => {
    const texts = [
      '',
      '/',
      '10.0.0.0',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0/8',
      '10.0.0.0/+8',
      '10.0.0.0/8.0',
    ]
    for (const text of [...texts, ' 10.0.0.0/8', '10.0.0.0/8\n', '10.0.0.0/1e1', 'x/8', '[::]/0', '::/-1']) {
      refuses(() => parseCidr(text))
    }
  })

  it('refuses prefixes that are too long, and says how long they may be', () => {
    refuses(() => parseCidr('10.0.0.0/33'), /0 to 32/)
    refuses(() => parseCidr('::/129'), /0 to 128/)
  })

  it('refuses leading zeros, which other programs read as octal', () => {
    refuses(() => parseCidr('010.0.0.0/8'), /leading zeros/)
    refuses(() => parseCidr('10.0.0.0/08'))
  })

  it('refuses zones', () => refuses(() => parseCidr('fe80::%eth0/64'), /zone/))

  it('refuses IPv4 in the clothes of IPv6', () => {
    refuses(() => parseCidr('::ffff:a00:0/128'), /Write 10\.0\.0\.0\./)
    refuses(() => parseCidr('::ffff:10.0.0.0/128'))
    refuses(() => parseCidr('64:ff9b::10.0.0.0/128'))
  })

  it('refuses the other family when one is asked for', () => {
    refuses(() => parseCidr('10.0.0.0/8', 6), /not IPv6/, /fd12/)
    refuses(() => parseCidr('fd00::/8', 4), /not IPv4/, /10\.1/)
  })

  it('quotes a long text in part only', () => {
    assert.throws(
      () => parseCidr('x'.repeat(100_000)),
      (error) => error instanceof WeftError && error.message.length < 200,
    )
  })
})

describe('parseAddress', () => {
  it('writes every address as the library does (RFC 5952)', () => {
    fc.assert(
      fc.property(address, (known) => {
        assert.equal(parseAddress(known.correctForm()), known.correctForm())
        if (known instanceof Address6) assert.equal(parseAddress(known.canonicalForm()), known.correctForm())
      }),
      { numRuns: 1_000 },
    )
  })

  it('refuses a prefix', () => {
    refuses(() => parseAddress('10.0.0.1/32'))
    refuses(() => parseAddress('fd00::1/128'))
  })
})

describe('addressBytes', () => {
  it('gives the bytes that the library gives, and addressFromBytes takes them back', () => {
    fc.assert(
      fc.property(address, (known) => {
        const parsed = parseAddress(known.correctForm())
        const bytes = addressBytes(parsed)
        const theirs = known instanceof Address4 ? known.toArray() : known.toUnsignedByteArray()
        const padded = [...new Array(bytes.length - theirs.length).fill(0), ...theirs]
        assert.deepEqual([...bytes], padded)
        assert.equal(addressFromBytes(bytes), parsed)
      }),
      { numRuns: 500 },
    )
  })

  it('takes no other length and no mapped IPv4', () => {
    for (const length of [0, 3, 5, 15, 17]) assert.equal(addressFromBytes(new Uint8Array(length)), undefined)
    const mapped = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1])
    assert.equal(addressFromBytes(mapped), undefined)
  })
})

describe('contains and overlaps', () => {
  it('agree with a comparison of the bits as text', () => {
    fc.assert(
      fc.property(cidr, cidr, (a, b) => {
        assert.equal(contains(a, b), slowContains(a, b))
        assert.equal(overlaps(a, b), slowContains(a, b) || slowContains(b, a))
      }),
      { numRuns: 2_000 },
    )
  })

  it('take a range from where the library has it begin', () => {
    fc.assert(
      fc.property(address, fc.nat(128), (known, length) => {
        const prefix = Math.min(length, known instanceof Address4 ? 32 : 128)
        const first =
          known instanceof Address4
            ? new Address4(`${known.address}/${prefix}`)
            : new Address6(`${known.address}/${prefix}`)
        const expected = `${first.startAddress().correctForm()}/${prefix}`
        assert.equal(rangeAround(parseAddress(known.correctForm()), prefix), expected)
        assert.equal(rangeAround(hostRange(parseAddress(known.correctForm())), prefix), expected)
      }),
      { numRuns: 1_000 },
    )
  })

  it('take a single address as its host range', () => {
    fc.assert(
      fc.property(cidr, address, (range, known) => {
        const single = parseAddress(known.correctForm())
        assert.equal(contains(range, single), contains(range, hostRange(single)))
        assert.ok(contains(hostRange(single), single))
      }),
    )
  })
})

describe('familyOf, prefixLengthOf and hostRange', () => {
  it('read what the text says', () => {
    assert.equal(familyOf(parseCidr('10.0.0.0/8')), 4)
    assert.equal(familyOf(parseAddress('::')), 6)
    assert.equal(prefixLengthOf(parseCidr('fd00::/48')), 48)
    assert.equal(hostRange(parseAddress('10.0.0.1')), '10.0.0.1/32')
    assert.equal(hostRange(parseAddress('fd00::1')), 'fd00::1/128')
  })
})

function slowContains(outer: string, inner: string): boolean {
  const bits = (text: string) =>
    (text.includes(':') ? new Address6(text) : new Address4(text)).mask(prefixLengthOf(parseCidr(text)))
  return outer.includes(':') === inner.includes(':') && bits(inner).startsWith(bits(outer))
}
