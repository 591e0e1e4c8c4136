import { type SerializerFactory, SerializerSelector } from '@fastify/fast-json-stringify-compiler'

const compilerFor = SerializerSelector()

/**
 * Fastify's own serializers, each compiled when its answer is first given and not at the start: all of them together take a
 * second, in which a controller that was killed would not serve again.
 */
export const lazySerializers: SerializerFactory = (shared, options) => {
  const compile = compilerFor(shared, options)
  return (route) => {
    let serialize: ReturnType<typeof compile> | undefined
    return (answer) => {
      serialize ??= compile(route)
      return serialize(answer)
    }
  }
}
