import type { Place } from '../api/fixture.ts'
import type { Browser } from './browser.ts'

/** Bytes of all files that the page asked for, as they come over the wire. */
export async function bytesOfPage(place: Place, browser: Browser, url: string): Promise<number> {
  const files = new Set(browser.requests.filter((each) => each.startsWith(url) && !each.includes('/v1/')))
  const sizes = await Promise.all(
    [...files].map(async (file) => {
      const headers = { 'accept-encoding': 'gzip' }
      const answer = await place.get(new URL(file).pathname, { headers, token: null })
      return Number(answer.headers['content-length'])
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
