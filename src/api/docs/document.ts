import type { ValueSchema } from '../../settings/expectation.ts'

/** A JSON Schema as it stands in the document. */
export interface DocSchema extends Omit<ValueSchema, 'type' | 'items' | 'anyOf' | 'properties'> {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly properties?: Readonly<Record<string, DocSchema>>
  readonly patternProperties?: Readonly<Record<string, DocSchema>>
  readonly additionalProperties?: DocSchema | boolean
  readonly required?: readonly string[]
  readonly items?: DocSchema
  readonly anyOf?: readonly DocSchema[]
  readonly const?: unknown
  readonly examples?: readonly unknown[]
}

export interface DocMedia {
  readonly schema: DocSchema
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value?: unknown; readonly $ref?: string }>>
}

export interface DocParameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: DocSchema
  readonly example?: unknown
}

export interface DocHeader {
  readonly description: string
  readonly schema: DocSchema
}

export interface DocAnswer {
  readonly description: string
  readonly headers?: Readonly<Record<string, DocHeader>>
  readonly content?: Readonly<Record<string, DocMedia>>
}

export interface DocOperation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly parameters?: readonly DocParameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, DocMedia>> }
  readonly responses: Readonly<Record<string, DocAnswer>>
}

/** The parts of our OpenAPI document that are looked into here. */
export interface Doc {
  readonly info: { readonly title: string; readonly summary: string; readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, DocSchema>>
    readonly responses?: Readonly<Record<string, DocAnswer>>
    readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
  }
}

/** What is made of routes, in the types above: it goes through JSON, as it does to everybody else. */
export function readDocument(made: object): Doc {
  const document: Doc = JSON.parse(JSON.stringify(made))
  return document
}

/** The name of the component that a reference leads to. */
export function nameOfRef(reference: string): string {
  return reference.split('/').at(-1) ?? ''
}
