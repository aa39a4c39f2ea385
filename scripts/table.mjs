// A table for a terminal: the first row is the head; columns are as wide as their widest cell, numbers stand to the right.
export function printTable(rows, indent = '') {
  const lines = rows.map((row) => row.map(String))
  const columns = lines[0].map((_, column) => lines.map((line) => line[column]))
  const widths = columns.map((cells) => Math.max(...cells.map((cell) => cell.length)))
  const numeric = columns.map((cells) => cells.slice(1).every((cell) => /^[\d.,-]+( [A-Za-z]+)?$/.test(cell)))
  const shown = (cell, column) => (numeric[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))
  for (const line of lines) console.log(indent + line.map(shown).join('  ').trimEnd())
}
