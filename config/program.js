// How the sources of `weft` become a few files of JavaScript, which load in half the time: `vite build --config
// config/program.js --outDir FOLDER`. Run by deploy/setup/program.js.

import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = (path) => fileURLToPath(new URL(path, import.meta.url))
const SOURCES = folder('../src/')

/** What is started by its file: the command line, and a thread of the controller. */
const PROGRAMS = ['cli/main.ts', 'controller/mint-thread.ts']

/** The one way in which modules name files. */
const FILE = /new URL\(('|`)(.+?)\1, import\.meta\.url\)/g

/** A program is found beside the file that starts it, any other file of the clone from where the module stood. */
function placesOfFiles() {
  let output
  return {
    name: 'places-of-files',
    enforce: 'pre',
    configResolved({ root, build }) {
      output = join(root, build.outDir)
    },
    transform(code, id) {
      if (!id.startsWith(SOURCES)) return
      const moved = code.replace(FILE, (_, quote, path) => {
        const file = join(dirname(id), path)
        const place = isProgram(file) ? `./${basename(file, '.ts')}.js` : relative(output, file)
        return `new URL(${quote}${place}${quote}, import.meta.url)`
      })
      if (moved.replace(FILE, '').includes('import.meta'))
        this.error(`${id} looks for a file, and not by new URL('…', import.meta.url): it would not be found.`)
      return { code: moved, map: null }
    },
  }
}

function isProgram(file) {
  return PROGRAMS.includes(relative(SOURCES, file))
}

// biome-ignore lint/style/noDefaultExport: the form that vite asks for
export default {
  root: folder('..'),
  publicDir: false,
  logLevel: 'warn',
  plugins: [placesOfFiles()],
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: true,
    target: 'node24',
    // Names in what is said of a fault are those of the sources.
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(PROGRAMS.map((file) => [basename(file, '.ts'), SOURCES + file])),
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
}
