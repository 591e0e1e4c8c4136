import Type from 'typebox'
import { ApplyResult } from './apply.ts'
import { component, instant, orNull, refTo } from './common.ts'
import { BatchResult } from './member.ts'
import { Problem } from './problem.ts'

export const OperationIdText = Type.String({
  pattern: '^op-[a-z2-7]{16}$',
  description: 'Id of the operation, from the answer with status 202.',
  examples: ['op-4tq2b7w3xk5lm6np'],
  'x-expects': "an id that begins with 'op-'",
})

export const Operation = component('Operation', 'Work that takes long, and what came of it.', {
  id: Type.String({ examples: ['op-4tq2b7w3xk5lm6np'] }),
  state: Type.Enum(['running', 'done', 'failed'], { description: 'How far it is.' }),
  startedAt: instant('When it was asked for.'),
  endedAt: orNull(instant('When it was over; null while it runs.')),
  result: Type.Optional(
    Type.Union([refTo(BatchResult), refTo(ApplyResult)], {
      description: 'What it would have answered, once it is done.',
    }),
  ),
  problem: Type.Optional(refTo(Problem)),
})
export type Operation = Type.Static<typeof Operation>

const prefer = {
  prefer: Type.Optional(
    Type.String({
      maxLength: 128,
      description:
        "'respond-async': what is not done within a second, or 'wait=' so many, goes on after an answer with status 202 (RFC 7240).",
      examples: ['respond-async, wait=5'],
    }),
  ),
}

/** Headers of a request that may take long, with those that it has anyway. */
export function patient<Headers extends Type.TProperties>({ properties }: Type.TObject<Headers>) {
  return Type.Object({ ...properties, ...prefer })
}
