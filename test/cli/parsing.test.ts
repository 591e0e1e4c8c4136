import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { duration, wholeNumber } from '../../src/cli/numbers.ts'
import { parseControllerUrl } from '../../src/cli/url.ts'

const PIN = 'A'.repeat(43)

describe('parseControllerUrl', () => {
  it('reads addresses of both families, host names and Unix sockets', () => {
    const cases: [url: string, place: object][] = [
      ['https://127.0.0.1:7443', { host: '127.0.0.1', port: 7443 }],
      ['https://[::1]:7443', { host: '::1', port: 7443 }],
      ['https://weft.example.org', { host: 'weft.example.org', port: 443 }],
      ['https://weft.example.org:7443/', { host: 'weft.example.org', port: 7443 }],
      ['unix:/run/weft controller.sock', { path: '/run/weft controller.sock' }],
    ]
    for (const [url, place] of cases) {
      assert.deepEqual(parseControllerUrl(` ${url}#${PIN}\n`), { place, fingerprint: PIN })
    }
  })

  it('refuses what has no pin, no place, or no TLS', () => {
    for (const url of [
      'https://127.0.0.1:7443',
      `https://127.0.0.1:7443#${PIN}x`,
      `http://127.0.0.1:7443#${PIN}`,
      `unix:relative.sock#${PIN}`,
      `127.0.0.1:7443#${PIN}`,
      `#${PIN}`,
      '',
    ]) {
      assert.throws(() => parseControllerUrl(url), { code: 'invalid-config', field: 'WEFT_URL' }, url)
    }
  })
})

describe('duration and wholeNumber', () => {
  it('read what people write', () => {
    assert.deepEqual(['90s', '15m', '1h', '7d'].map(duration), [90, 900, 3_600, 604_800])
    assert.deepEqual(['0', '24'].map(wholeNumber), [0, 24])
  })

  it('refuse all else', () => {
    for (const text of ['', '5', 'h', '-1h', '1.5h', '1h ', '1w']) assert.throws(() => duration(text))
    for (const text of ['', '-1', '1.5', '0x10', '1e3', 'x']) assert.throws(() => wholeNumber(text))
  })
})
