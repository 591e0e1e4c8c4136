import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Api, type Call, callOf } from '../../src/client/api.ts'

describe('callOf', () => {
  it('keeps a name in its place, whatever is in it', () => {
    const path = { network: 'a/../b?c#d%', node: '\u001b' }
    assert.equal(callOf('showMember', { path }).path, '/v1/networks/a%2F..%2Fb%3Fc%23d%25/members/%1B')
  })

  it('leaves out what is undefined, and repeats what is a list', () => {
    const query = { by: undefined, within: ['a&b', 'ü'], links: 0 }
    const call = callOf('showGraph', { path: { network: 'x' }, query })
    assert.equal(call.path, '/v1/networks/x/graph?within=a%26b&within=%C3%BC&links=0')
    const headers = { 'if-match': undefined }
    assert.deepEqual(callOf('removeNode', { path: { node: 'x' }, headers }).headers, {})
  })

  it('gives every POST a key of its own, unless it is told one', () => {
    const keyOf = (headers = {}) =>
      callOf('createNetwork', { body: { name: 'x' }, headers }).headers['idempotency-key']
    assert.match(keyOf() ?? '', /^[\da-f-]{36}$/)
    assert.notEqual(keyOf(), keyOf())
    assert.equal(keyOf({ 'idempotency-key': 'mine' }), 'mine')
    assert.deepEqual(callOf('whoami').headers, {})
  })
})

describe('Api', () => {
  /** Answers with each of `answers` in turn, and notes what was asked for. */
  const scripted = (...answers: unknown[]) => {
    const calls: Call[] = []
    const api = new Api((call) => {
      calls.push(call)
      // biome-ignore lint/suspicious/noExplicitAny: what a test answers is of any type
      return Promise.resolve({ answer: answers.shift() as any, etag: '"1"' })
    })
    return { api, asked: () => calls.map(({ method, path }) => `${method} ${path}`) }
  }

  it('gathers pages until there is no next one, or as many as were wanted', async () => {
    const pages = () => [{ items: [1, 2], next: 'c&' }, { items: [3], next: 'd' }, { items: [4] }]
    const all = scripted(...pages())
    assert.deepEqual(await all.api.list('listNodes', { query: { role: 'relay' } }), [1, 2, 3, 4])
    assert.deepEqual(all.asked().slice(0, 2), [
      'GET /v1/nodes?role=relay&limit=1000',
      'GET /v1/nodes?role=relay&limit=1000&cursor=c%26',
    ])
    assert.deepEqual(await scripted(...pages()).api.list('listNodes', {}, 3), [1, 2, 3])
  })

  it('rehearses by asking for a dry run', async () => {
    const { api, asked } = scripted('changes')
    const changes: unknown = await api.rehearse('deleteNetwork', {
      path: { network: 'x' },
      query: { confirm: 'x' },
    })
    assert.deepEqual([changes, asked()], ['changes', ['DELETE /v1/networks/x?confirm=x&dryRun=true']])
  })
})

describe('the command line and the console', () => {
  it('ask for operations by their ids, and build no path of REST', () => {
    const files = globSync('src/{cli,console}/**/*.{ts,tsx}')
    assert.ok(files.length > 50)
    const builders = files.filter((file) => /['"`$}]\/v1\//.test(readFileSync(file, 'utf8')))
    assert.deepEqual(builders, [])
  })
})
