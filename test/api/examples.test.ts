import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { closed, type Document, documentOf, type Media, misfits, operationsOf } from './document.ts'
import { Place } from './fixture.ts'

describe('the examples of the OpenAPI document', () => {
  let place: Place
  let document: Document
  before(async () => {
    place = await Place.open()
    document = await documentOf(place)
  })
  after(() => place[Symbol.asyncDispose]())

  const examplesOf = ({ example, examples }: Media): unknown[] => {
    if (example !== undefined) return [example]
    return Object.values(examples ?? {}).map(({ value, $ref }) =>
      $ref === undefined ? value : document.components.examples[$ref.split('/').at(-1) ?? '']?.value,
    )
  }

  it('are there for every parameter, and are as it says', () => {
    for (const [route, { parameters = [] }] of operationsOf(document)) {
      for (const { name, schema, example } of parameters) {
        const shown = example ?? firstOf(schema)
        assert.notEqual(shown, undefined, `${route}: ${name}`)
        assert.deepEqual(misfits(document, schema, shown), [], `${route}: ${name}`)
      }
    }
  })

  it('are there for every request and every answer, refusals too, and are as they say', () => {
    let count = 0
    for (const [route, { requestBody, responses }] of operationsOf(document)) {
      const contents = [['body', requestBody], ...Object.entries(responses)] as const
      for (const [what, reply] of contents) {
        for (const media of Object.values(reply?.content ?? {})) {
          const examples = examplesOf(media)
          assert.ok(examples.length > 0, `${route} ${what} has no example`)
          for (const example of examples)
            assert.deepEqual(misfits(document, media.schema, example), [], `${route} ${what}`)
          count += examples.length
        }
      }
    }
    assert.ok(count > 200)
  })

  it('show every field that an answer can have', () => {
    for (const [route, { responses }] of operationsOf(document)) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        if (Number(status) >= 400) continue
        for (const media of Object.values(content)) {
          assert.deepEqual(missing(closed(document, media.schema), media.example), [], `${route} ${status}`)
        }
      }
    }
  })
})

function firstOf(schema: object): unknown {
  return 'examples' in schema && Array.isArray(schema.examples) ? schema.examples[0] : undefined
}

/** The fields that an example lacks, each as the way to it. */
function missing(schema: unknown, example: unknown, way = ''): string[] {
  if (!isRecord(schema)) return []
  if (Array.isArray(example)) return example.flatMap((one) => missing(schema.items, one, `${way}[]`))
  if (!isRecord(schema.properties) || !isRecord(example)) return []
  return Object.entries(schema.properties).flatMap(([name, part]) =>
    name in example ? missing(part, example[name], `${way}.${name}`) : [`${way}.${name}`],
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
