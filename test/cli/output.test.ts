import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fields, labelsText, orDash, tableOf } from '../../src/cli/output.ts'
import { printable } from '../../src/cli/printable.ts'
import { whileWorking } from '../../src/cli/progress.ts'
import { cutTo, lineWidth, widthOf } from '../../src/cli/width.ts'

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
          assert.ok(widthOf(line) <= width)
          assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}]/u)
        }
      }),
    )
  })

  it('is folded where not even that fits: a line for each cell, and none too long', () => {
    assert.equal(
      tableOf(
        ['name', 'ipv4', 'revision'],
        [
          ['demo', '10.64.0.0/16', '12'],
          ['x', '-', '1'],
        ],
        16,
      ),
      'demo\n  IPV4: 10.64.0…\n  REVISION: 12\nx\n  IPV4: -\n  REVISION: 1\n',
    )
    const cell = fc.string({ unit: 'binary', maxLength: 40 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 3 }),
        fc.integer({ min: 1, max: 30 }),
        (some, width) => {
          for (const line of tableOf(['a', 'b', 'c'], some, width).split('\n'))
            assert.ok(widthOf(line) <= width)
        },
      ),
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

describe('widthOf and cutTo', () => {
  it('count columns of a terminal, in which some characters take two and some none', () => {
    const widths = {
      abc: 3,
      Zürich: 6,
      'e\u0301': 1,
      東京: 4,
      ﾃｽﾄ: 3,
      한국어: 6,
      '😀': 2,
      '👩‍👩‍👧': 2,
      '❤️': 2,
      Ａ: 2,
      '': 0,
    }
    for (const [text, width] of Object.entries(widths)) assert.equal(widthOf(text), width, text)
    assert.deepEqual(
      [cutTo('東京都', 5), cutTo('東京都', 6), cutTo('東京都', 4), cutTo('abc', 2), cutTo('e\u0301x', 2)],
      ['東京…', '東京都', '東…', 'a…', 'e\u0301x'],
    )
  })

  it('keep columns under one another, whatever is in them', () => {
    const rows = [
      ['東京', 'x'],
      ['ab', 'y'],
      ['😀', 'z'],
    ]
    assert.equal(tableOf(['city', 'n'], rows, undefined), 'CITY  N\n東京  x\nab    y\n😀    z\n')
  })

  it('take the width from COLUMNS, else from the terminal, else none', () => {
    const tty = { isTTY: true, columns: 90 }
    const pipe = { isTTY: false, columns: 0 }
    const found = [
      lineWidth(tty, undefined),
      lineWidth(tty, '40'),
      lineWidth(pipe, '40'),
      lineWidth(pipe, ''),
      lineWidth(tty, '-1'),
    ]
    assert.deepEqual(found, [90, 40, 40, undefined, 90])
  })
})

describe('whileWorking', () => {
  const said = async (isTTY: boolean, work: () => Promise<unknown>) => {
    const texts: string[] = []
    const terminal = { isTTY, write: (text: unknown) => texts.push(String(text)) > 0 }
    await whileWorking((seconds) => `so far: ${seconds} s`, work, terminal).catch(() => undefined)
    return texts
  }

  it('says how far long work is, on a terminal only, and leaves a clean line', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] })
    let now = 0
    context.mock.method(performance, 'now', () => now)
    const long = async () => {
      now = 2_500
      context.mock.timers.tick(2_500)
      throw new Error('it fails in the end')
    }
    const texts = await said(true, long)
    assert.deepEqual([texts[0], texts.at(-1)], ['\rso far: 2 s\u001b[K', '\r\u001b[K'])
    now = 0
    assert.deepEqual(await said(false, long), [])
    assert.deepEqual(await said(true, () => Promise.resolve()), [])
  })
})
