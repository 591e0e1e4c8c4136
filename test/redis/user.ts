import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { RedisSite } from './site.ts'

/** For which realm the rights are. */
export const REALM = 'test'
const DOCUMENT = new URL('../../deploy/replicas.md', import.meta.url)

/** Makes a user with the rights that the document names, and these besides or taken away; gives the URLs with it. */
export async function asUser(
  { servers, sentinels, urls }: RedisSite,
  name: string,
  more: readonly string[] = [],
): Promise<readonly string[]> {
  const rights = await documentedRights(/^ACL SETUSER weft ([^`]*)/m)
  const onSentinels = await documentedRights(/`([^`]*\+sentinel\|[^`]*)`/)
  for (const server of servers) await server.call('ACL', 'SETUSER', name, ...rights, ...more)
  for (const sentinel of sentinels)
    await sentinel.call('ACL', 'SETUSER', name, 'on', '>secret', ...onSentinels)
  return urls.map((url) => url.replace('://', `://${name}:secret@`))
}

/** What users asked for and had no right to. */
export async function denied({ servers, sentinels }: RedisSite): Promise<readonly unknown[]> {
  const running = [...servers, ...sentinels].filter(({ isRunning }) => isRunning)
  return (await Promise.all(running.map((one) => one.call('ACL', 'LOG')))).flat()
}

/** As `ACL SETUSER` wants them, from the document. */
async function documentedRights(place: RegExp): Promise<readonly string[]> {
  const text = await readFile(DOCUMENT, 'utf8')
  const [, rules = ''] = place.exec(text) ?? []
  const words = rules.trim().split(/\s+/)
  assert.ok(words.length > 2)
  return words.map((word) => word.replace('REALM', REALM).replace('PASSWORD', 'secret'))
}
