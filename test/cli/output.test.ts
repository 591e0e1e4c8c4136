import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fields, labelsText, orDash, tableOf } from '../../src/cli/output.ts'
import { printable } from '../../src/cli/printable.ts'

describe('tableOf', () => {
  const rows = [
    ['a', 'first'],
    ['longer', 'x'],
  ]

  it('puts columns under their titles, as wide as they need', () => {
    assert.equal(tableOf(['name', 'what'], rows, undefined), 'NAME    WHAT\na       first\nlonger  x\n')
  })

  it('is titles alone when there is nothing to show', () => {
    assert.equal(tableOf(['name', 'what'], [], 80), 'NAME  WHAT\n')
  })

  it('cuts the widest columns until a row fits the terminal', () => {
    const wide = [['web-1', 'x'.repeat(60), 'y'.repeat(30)]]
    const text = tableOf(['name', 'one', 'two'], wide, 50)
    const [, row = ''] = text.split('\n')
    assert.ok(row.length <= 50)
    assert.match(row, /^web-1 +x+… +y+…$/)
  })

  it('fits every terminal that has room for a few characters of each column, with whatever is in it', () => {
    const cell = fc.string({ unit: 'binary', maxLength: 40 })
    const anyRows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 })
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 22, max: 120 }), (some, width) => {
        const lines = tableOf(['a', 'b', 'c'], some, width).slice(0, -1).split('\n')
        assert.equal(lines.length, some.length + 1)
        for (const line of lines) {
          assert.ok([...line].length <= width)
          assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}]/u)
        }
      }),
    )
  })
})

describe('fields, orDash and labelsText', () => {
  it('write values for people', () => {
    assert.equal(fields({ id: 'x', publicKey: 'a\u001b' }), 'id         x\npublicKey  a\\u{1b}\n')
    assert.deepEqual(
      [orDash(null), orDash(undefined), orDash(''), orDash(0), orDash('a')],
      ['-', '-', '-', '0', 'a'],
    )
    assert.equal(labelsText({ rack: 'a1', site: 'x' }), 'rack=a1, site=x')
  })
})

describe('printable', () => {
  it('shows what would steer a terminal or hide, and leaves all else', () => {
    assert.equal(
      printable('\u001b[2J\n\u0007\u009b\u202e\u200b\u2028'),
      '\\u{1b}[2J\\u{a}\\u{7}\\u{9b}\\u{202e}\\u{200b}\\u{2028}',
    )
    assert.equal(printable('Zürich 東京 😀'), 'Zürich 東京 😀')
  })

  it('leaves no control character in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(printable(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      }),
    )
  })
})
