import { existsSync, readFileSync, readdirSync } from 'node:fs'
import type { Plugin } from 'vite'

/** Writes licenses.txt: the licences of the packages that the built files hold parts of. */
export function licenses(extra: string[]): Plugin {
  return {
    name: 'licenses',
    generateBundle(_options, bundle) {
      const folders = new Set(extra)
      for (const file of Object.values(bundle)) {
        const ids = file.type === 'chunk' ? file.moduleIds : []
        for (const id of ids) {
          const found = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id.replaceAll('\\', '/').replaceAll('\0', ''))
          if (found) folders.add(found[0])
        }
      }
      const texts = [...folders]
        .filter((f) => existsSync(`${f}/package.json`))
        .map(read)
        .sort()
      this.emitFile({
        type: 'asset',
        fileName: 'licenses.txt',
        source: [...new Set(texts)].join(`\n${'-'.repeat(78)}\n\n`),
      })
    },
  }
}

function read(folder: string) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Record<
    string,
    string
  >
  const files = readdirSync(folder)
    .filter((f) => /^licen[cs]e/i.test(f))
    .sort()
  const text = files.map((f) => readFileSync(`${folder}/${f}`, 'utf8').replaceAll('\r\n', '\n').trim()).join('\n\n')
  return `${name} ${version} (${license})\n\n${text}\n`
}
