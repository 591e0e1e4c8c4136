import assert from 'node:assert/strict'
import { it } from 'node:test'
import { lazySerializers } from '../../src/api/serializer.ts'

const at = { method: 'GET', url: '/', httpStatus: '200' }

it('an answer is written by its schema, which is compiled when the first one is given', () => {
  const compile = lazySerializers()
  const schema = { type: 'object', properties: { shown: { type: 'string' } } }
  const serialize = compile({ ...at, schema })
  assert.equal(serialize({ shown: 'a', hidden: 'b' }), '{"shown":"a"}')
  assert.equal(serialize({ shown: 'c' }), '{"shown":"c"}')
  const broken = compile({ ...at, schema: { $ref: 'nowhere#' } })
  assert.throws(() => broken({}))
})
