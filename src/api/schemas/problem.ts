import Type from 'typebox'
import { ERROR_CODES } from '../../errors.ts'
import { component, listOf, refTo } from './common.ts'

/** RFC 9457 problem details, with our code, field and advice as extensions. */
export const Problem = component('Problem', 'Problem details (RFC 9457).', {
  type: Type.String({
    description: 'One for each code: what it leads to says what it means.',
    examples: ['/v1/errors/not-found'],
  }),
  title: Type.String({ description: 'What the code means, the same each time.' }),
  status: Type.Integer({ description: 'The HTTP status.', examples: [404] }),
  detail: Type.String({
    description: 'What happened this time, for people.',
    examples: ["There is no network 'demo'."],
  }),
  code: Type.Enum(Object.keys(ERROR_CODES), { description: 'What happened, for programs.' }),
  field: Type.Optional(Type.String({ description: 'The input at fault.', examples: ['ipv4'] })),
  advice: Type.Optional(Type.String({ description: 'What to do about it.' })),
  instance: Type.String({
    description: 'This one occurrence; the log of the controller knows it by the last part.',
    examples: ['urn:weft:request:mfzwizltoq-1'],
  }),
})
export type Problem = Type.Static<typeof Problem>

export const ErrorCodeInfo = component('ErrorCode', 'A code that a problem can have.', {
  code: Type.String({ examples: ['not-found'] }),
  status: Type.Integer({ description: 'The HTTP status that goes with it, as a rule.', examples: [404] }),
  title: Type.String({ description: 'What it means.' }),
  type: Type.String({
    description: 'The type of a problem with this code.',
    examples: ['/v1/errors/not-found'],
  }),
})

export const ErrorCodeList = listOf('ErrorCodeList', ErrorCodeInfo)

export const PROBLEM_TYPE = 'application/problem+json'

/** Statuses that any route can answer with. 408 and 431 come before it is known which one it is. */
const COMMON = [400, 401, 403, 404, 408, 429, 431, 500, 503]

/** The `response` of a route: what it answers when all is well, and the problems it may answer with otherwise. */
export function answers<Good extends Record<number, Type.TSchema>>(
  good: Good,
  ...statuses: readonly number[]
) {
  const problem = { description: 'Problem details.', content: { [PROBLEM_TYPE]: { schema: refTo(Problem) } } }
  const problems = [...COMMON, ...statuses].toSorted().map((status) => [status, problem])
  return { ...good, ...Object.fromEntries(problems) }
}
