// A table for a terminal: the first row is the head, columns are right-aligned and as wide as their widest cell.
export function printTable(rows, indent = '') {
  const lines = rows.map((row) => row.map(String))
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  for (const line of lines) console.log(indent + line.map((cell, column) => cell.padStart(widths[column])).join('  '))
}
