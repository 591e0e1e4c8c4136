import { type Document, type Operation, operationsOf } from '../api/document.ts'
import { Writer } from './types.ts'

const HEAD = `// Written by \`node test/client/write.ts\` from the OpenAPI document, and compared with it by a test. Not to be edited.
`

/** Set by the client itself, or of no use to it. */
const OWN_HEADERS = new Set(['Weft-Sequence', 'prefer'])
/** What is only answered to who prefers that; the client waits. */
const LATER = '202'
/** What is asked for by a method of its own. */
const DRY_RUN = 'dryRun'
const DRY_RUN_ANSWER = 'LinkChanges'

/** The source of src/client/operations.ts: every component as a type, every operation with what it takes and answers. */
export function generateClient(document: Document): string {
  const operations = [...operationsOf(document)]
  return [
    HEAD,
    ...Object.entries(document.components.schemas).map(([name, schema]) => component(name, schema)),
    `/** What each operation takes and answers, by its id. */\nexport interface Operations {\n`,
    ...operations.map(([route, operation]) => operationType(route, operation)),
    '}\n\n/** Method and path of each operation. */\nexport const OPERATIONS = {\n',
    ...operations.map(
      ([route, { operationId }]) => `  ${operationId}: ['${route.split(' ').join("', '")}'],\n`,
    ),
    '} as const satisfies Readonly<Record<keyof Operations, readonly [method: string, path: string]>>\n',
  ].join('')
}

function component(name: string, schema: object): string {
  const { description } = schema as { readonly description?: string }
  const text = new Writer('answer').type(schema, '')
  return `${doc(description, '')}export type ${name} = ${text}\n\n`
}

function operationType(route: string, operation: Operation): string {
  const { operationId, summary } = operation
  const answers = answersOf(operation)
  const isRehearsed = parametersOf(operation, 'query').some(({ name }) => name === DRY_RUN)
  const usual = isRehearsed ? answers.filter((type) => type !== DRY_RUN_ANSWER) : answers
  const rehearsed = answers.includes(DRY_RUN_ANSWER) ? DRY_RUN_ANSWER : usual.join(' | ')
  return [
    doc(`${summary} \`${route}\``, '  '),
    `  readonly ${operationId}: {\n`,
    `    readonly input: ${inputOf(operation)}\n`,
    `    readonly answer: ${usual.join(' | ')}\n`,
    ...(isRehearsed ? [`    readonly dryRun: ${rehearsed}\n`] : []),
    '  }\n',
  ].join('')
}

function inputOf(operation: Operation): string {
  const parts = [
    part('path', parametersOf(operation, 'path')),
    part(
      'query',
      parametersOf(operation, 'query').filter(({ name }) => name !== DRY_RUN),
    ),
    part(
      'headers',
      parametersOf(operation, 'header').filter(({ name }) => !OWN_HEADERS.has(name)),
    ),
  ]
  const body = operation.requestBody?.content?.['application/json']?.schema
  if (body) parts.push(`      readonly body: ${new Writer('input').type(body, '      ')}\n`)
  const text = parts.join('')
  return text === '' ? 'Readonly<Record<string, never>>' : `{\n${text}    }`
}

type Parameter = NonNullable<Operation['parameters']>[number]

function parametersOf({ parameters = [] }: Operation, place: string): readonly Parameter[] {
  return parameters.filter((parameter) => parameter.in === place)
}

function part(name: string, parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return ''
  const properties = Object.fromEntries(
    parameters.map(({ name: key, schema, description }) => [key, { ...schema, description }]),
  )
  const required = parameters.filter((one) => one.required).map((one) => one.name)
  const type = new Writer('input').type({ type: 'object', properties, required }, '      ')
  return `      readonly ${name}${required.length > 0 ? '' : '?'}: ${type}\n`
}

/** The types of what is answered when all goes well; JSON where there is a choice of forms. */
function answersOf({ responses }: Operation): string[] {
  const good = Object.entries(responses).filter(([status]) => Number(status) < 400 && status !== LATER)
  const types = good.flatMap(([, { content }]) => {
    const media = content?.['application/json'] ?? Object.values(content ?? {})[0]
    return media ? new Writer('answer').alternatives(media.schema, '    ') : ['undefined']
  })
  return [...new Set(types)]
}

function doc(text: string | undefined, indent: string): string {
  return text === undefined ? '' : `${indent}/** ${text.replaceAll('*/', '* /')} */\n`
}
