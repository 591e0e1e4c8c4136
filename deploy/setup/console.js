import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { ROOT } from './launch.js'
import { filesIn, viteBuild } from './vite.js'

const OUTPUT = join(ROOT, 'dist', 'console')
/** What the console was made of, kept beside it. */
const STAMP = join(ROOT, 'dist', 'console.stamp')

/** Builds the web console unless it is there and made of what stands in the clone; false where it cannot: all else still works. */
export function ensureConsole() {
  const stamp = fingerprint()
  if (existsSync(join(OUTPUT, 'index.html')) && read(STAMP) === stamp) return true
  if (!viteBuild('the web console', ['--config', 'config/console.js'])) return false
  compress()
  writeFileSync(STAMP, stamp)
  return true
}

/** Of everything that the build reads. */
function fingerprint() {
  const hash = createHash('sha256')
  const sources = filesIn(join(ROOT, 'src', 'console'))
  const settings = ['config/console.js', 'package-lock.json'].map((file) => join(ROOT, file))
  for (const file of [...sources, ...settings]) {
    hash.update(`${file.slice(ROOT.length)}\0`)
    hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}

/** Once here, so that nobody has to at each request. */
function compress() {
  for (const file of filesIn(OUTPUT).filter((name) => /\.(js|css|html|svg)$/.test(name))) {
    const content = readFileSync(file)
    writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }))
    writeFileSync(`${file}.br`, brotliCompressSync(content))
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
