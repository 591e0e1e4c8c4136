import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { documentOf } from '../api/document.ts'
import { Place } from '../api/fixture.ts'
import { CLIENT_FILE } from './file.ts'
import { generateClient } from './generator.ts'
import { Writer } from './types.ts'

describe('the client', () => {
  it('is what the OpenAPI document makes it', async () => {
    await using place = await Place.open()
    const fresh = generateClient(await documentOf(place))
    const isSame = fresh === readFileSync(CLIENT_FILE, 'utf8')
    assert.ok(isSame, 'src/client/operations.ts is another: run `node test/client/write.ts` and commit it.')
  })
})

describe('Writer', () => {
  const answer = (schema: unknown) => new Writer('answer').type(schema, '')

  it('writes every kind of schema', () => {
    assert.equal(answer({ $ref: '#/components/schemas/Node' }), 'Node')
    assert.equal(answer({ type: ['string', 'null'] }), 'string | null')
    assert.equal(answer({ enum: ["it's", 2] }), "'it\\'s' | 2")
    assert.equal(answer({ type: 'array', items: { type: ['integer', 'string'] } }), '(number | string)[]')
    assert.equal(
      answer({ type: 'object', additionalProperties: { type: 'boolean' } }),
      'Readonly<Record<string, boolean>>',
    )
    assert.equal(answer({ anyOf: [{ type: 'number' }, { type: 'null' }] }), 'number | null')
  })

  it('lets inputs be left out and be read-only', () => {
    const schema = {
      type: 'object',
      properties: {
        'if-match': { type: 'string', description: 'a */ b' },
        all: { type: 'array', items: { type: 'string' } },
      },
      required: ['all'],
    }
    assert.equal(
      new Writer('input').type(schema, ''),
      "{\n  /** a * / b */\n  readonly 'if-match'?: string | undefined\n  readonly all: readonly string[]\n}",
    )
  })

  it('refuses what it does not know, rather than to write something wider', () => {
    for (const schema of [{}, { oneOf: [] }, { type: 'date' }, { type: 'array' }])
      assert.throws(() => answer(schema))
  })
})
