import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { create } from '../../src/api/change.ts'
import type { Controller } from '../../src/controller/controller.ts'
import { emptyState } from '../../src/model/state.ts'

it('A change without a key that was made by an earlier try of its own is answered like any other', async () => {
  // As after an answer of the store that got lost: the log has the entry, and the ledger finds it.
  const entry = { sequence: 1, hash: '', operation: 'once-1', at: 0, actor: 'tok-1', events: [] }
  const controller = { change: async () => ({ repeated: true, state: emptyState, entry }) }
  const request = { actor: 'tok-1', id: '1', headers: {}, socket: {}, method: 'POST', url: '/', body: {} }
  const { result } = await create(controller as unknown as Controller, request as unknown as FastifyRequest, {
    decide: () => ({ events: [], result: '' }),
    recall: () => 'what was made',
  })
  assert.equal(result, 'what was made')
})
