// Pickles that lie or attack, by fault: at least three different ones each, with the code of the error they must get.
// They are data.pkl of a well-formed zip that holds storage 0, six numbers of F32.
import {
  bytesOf,
  dict,
  global,
  int,
  ordered,
  type Part,
  pickle,
  storage,
  str,
  type TensorFields,
  tensor,
  tuple,
  u32,
} from './pickle-bytes.ts'

/** State dicts of one tensor "w". */
const tensors = (...changes: readonly TensorFields[]): Uint8Array[] =>
  changes.map((change) => pickle(dict({ w: tensor(change) })))
const values = (...parts: readonly Part[]): Uint8Array[] => parts.map((part) => pickle(dict({ w: part })))
/** Calls of a global with one text, as `os.system("..")` is pickled. */
const calls = (...names: readonly (readonly [string, string])[]): Uint8Array[] =>
  names.flatMap(([module, name]) => {
    const call = bytesOf(global(module, name), str('echo owned > owned.txt'), [0x85], 'R')
    return [pickle(call), ...values(call)]
  })
const repeated = (part: Part, n: number): Part[] => Array.from({ length: n }, () => part)
const max = 2n ** 53n - 1n

export const hostilePickles: readonly (readonly [string, string, readonly Uint8Array[]])[] = [
  [
    'os.system',
    'E_TORCH_GLOBAL',
    calls(['os', 'system'], ['posix', 'system'], ['nt', 'system'], ['os', 'popen'], ['subprocess', 'Popen']),
  ],
  [
    'eval and its kin',
    'E_TORCH_GLOBAL',
    calls(
      ['builtins', 'eval'],
      ['__builtin__', 'eval'],
      ['builtins', 'exec'],
      ['builtins', 'compile'],
      ['builtins', '__import__'],
      ['builtins', 'getattr'],
      ['runpy', '_run_code'],
    ),
  ],
  [
    'a loader inside of the pickle',
    'E_TORCH_GLOBAL',
    calls(
      ['pickle', 'loads'],
      ['_pickle', 'loads'],
      ['torch', 'load'],
      ['torch.serialization', 'load'],
      ['torch.storage', '_load_from_bytes'],
      ['torch.hub', 'load'],
    ),
  ],
  [
    'names near the allowed ones',
    'E_TORCH_GLOBAL',
    calls(
      ['collections', 'OrderedDict.update'],
      ['collections.OrderedDict', ''],
      ['', 'collections.OrderedDict'],
      ['torch', 'storage.UntypedStorage'],
      ['torch', '_utils._rebuild_tensor_v2'],
      ['torch._utils', '_rebuild_tensor_v3'],
      ['torch._utils', '_rebuild_sparse_tensor'],
      ['torch', 'QInt8Storage'],
      ['torch', 'FloatStorage '],
      ['Torch', 'FloatStorage'],
      ['torch', '__proto__'],
      ['torch', 'constructor'],
    ),
  ],
  [
    'reductions inside of reductions',
    'E_TORCH_GLOBAL',
    [
      ...values(tensor({ hooks: bytesOf(global('os', 'system'), str('x'), [0x85], 'R') })),
      ...values(
        tensor({ storage: bytesOf(global('builtins', 'getattr'), tuple(global('os', 'system'), str('x')), 'R') }),
      ),
      ...values(
        bytesOf(
          global('collections', 'OrderedDict'),
          bytesOf(global('os', 'system'), str('x'), [0x85], 'R'),
          [0x85],
          'R',
        ),
      ),
      ...tensors({ type: global('os', 'system') }, { type: global('torch', 'FloatTensor') }),
    ],
  ],
  [
    'a call of something else',
    'E_TORCH_CALL',
    [
      ...values(
        bytesOf(str('os.system'), str('x'), [0x85], 'R'),
        bytesOf(storage(), ')R'),
        bytesOf(tensor(), ')R'),
        bytesOf(ordered, ')R'),
        bytesOf('N)R'),
        bytesOf(global('torch', 'FloatStorage'), int(1), [0x85], 'R'),
        bytesOf(global('torch.storage', 'UntypedStorage'), ')R'),
        bytesOf(global('collections', 'OrderedDict'), '}R'),
        bytesOf(global('collections', 'OrderedDict'), ')', [0x85], 'R'),
      ),
    ],
  ],
  [
    'a tensor of other arguments',
    'E_TORCH_CALL',
    [
      ...tensors(
        { storage: str('0') },
        { storage: tensor() },
        { offset: 'N' },
        { offset: int(-1) },
        { shape: [-2, 3] },
        { shape: [2, 3], strides: [3] },
        { shape: [2, 3], strides: [-3, 1] },
        { grad: int(1) },
        { hooks: 'N' },
        { hooks: '}' },
        { hooks: bytesOf(ordered, str('hook'), global('collections', 'OrderedDict'), 's') },
        { more: dict({ conj: [0x88] }) },
        { more: dict({ neg: [0x88] }) },
        { more: str('x') },
        { more: 'NN' },
      ),
      ...values(
        bytesOf(global('torch._utils', '_rebuild_tensor_v2'), ')R'),
        bytesOf(global('torch._utils', '_rebuild_tensor_v2'), tuple(storage(), int(0), '}', '}', [0x89], ordered), 'R'),
      ),
    ],
  ],
  [
    'a parameter of other arguments',
    'E_TORCH_CALL',
    values(
      ...[
        tuple(),
        tuple(tensor()),
        tuple(storage(), [0x88], ordered),
        tuple(tensor(), int(1), ordered),
        tuple(tensor(), [0x88], 'N'),
        tuple(tensor(), [0x88], ordered, '}'),
      ].map((args) => bytesOf(global('torch._utils', '_rebuild_parameter'), args, 'R')),
    ),
  ],
  [
    'an id that is no storage',
    'E_TORCH_STORAGE',
    values(
      ...[
        str('storage'),
        tuple(),
        tuple(str('module'), 'N', 'N'),
        tuple(str('storage'), global('torch', 'FloatStorage'), str('0'), str('cpu')),
        tuple(str('storage'), str('FloatStorage'), str('0'), str('cpu'), int(6)),
        tuple(str('storage'), global('collections', 'OrderedDict'), str('0'), str('cpu'), int(6)),
        tuple(str('storage'), global('torch', 'FloatStorage'), int(0), str('cpu'), int(6)),
        tuple(str('storage'), global('torch', 'FloatStorage'), str('0'), 'N', int(6)),
        tuple(str('storage'), global('torch', 'FloatStorage'), str('0'), str('cpu'), int(-1)),
      ].map((id) => bytesOf(id, 'Q')),
    ),
  ],
  [
    'a storage key that is no number',
    'E_TORCH_STORAGE',
    tensors(
      ...['../data.pkl', '', '/0', '0/../../x', '1234567890', '-1', '0x0', '\u0000', '0 '].map((key) => ({ key })),
    ),
  ],
  ['a storage that is not in the zip', 'E_TORCH_STORAGE', tensors({ key: '1' }, { key: '00' }, { key: '999999999' })],
  [
    'one storage of two kinds',
    'E_TORCH_STORAGE',
    [
      pickle(dict({ a: tensor(), b: tensor({ type: global('torch', 'IntStorage') }) })),
      pickle(dict({ a: tensor(), b: tensor({ location: 'cuda:0' }) })),
      pickle(dict({ a: tensor(), b: tensor({ type: global('torch', 'HalfStorage'), count: 12 }) })),
    ],
  ],
  [
    'a storage of another size than its entry',
    'E_TORCH_STORAGE_SIZE',
    tensors(
      { count: 5 },
      { count: 7 },
      { count: 0 },
      { count: 24 },
      { count: 2n ** 50n },
      { count: max },
      { type: global('torch', 'DoubleStorage') },
      { type: global('torch.storage', 'UntypedStorage') },
    ),
  ],
  [
    'a view beyond its storage',
    'E_TORCH_RANGE',
    tensors(
      { offset: int(1) },
      { offset: int(6) },
      { offset: int(7), shape: [0] },
      { offset: int(max) },
      { shape: [7] },
      { shape: [2, 4] },
      { shape: [2 ** 31 - 1] },
      { shape: [2n ** 40n] },
      { shape: [1], offset: int(2 ** 31 - 1) },
    ),
  ],
  [
    'a shape that overflows',
    'E_TORCH_SIZE',
    tensors(
      { shape: [max, 2], strides: [1, 1] },
      { shape: [max, max, 0], strides: [1, 1, 1] },
      { shape: [max], strides: [1] },
      { shape: [2n ** 51n], strides: [1] },
      { shape: [2n ** 30n, 2n ** 30n], strides: [1, 1] },
    ),
  ],
  [
    'strides that are not row-major',
    'E_TORCH_STRIDES',
    tensors(
      { strides: [1, 2] },
      { strides: [0, 0] },
      { strides: [3, 0] },
      { strides: [2, 1] },
      { strides: [6, 2], shape: [1, 3] },
      { strides: [max, 1] },
      { strides: [1, 1], shape: [3, 2] },
    ),
  ],
  ['more than 8 axes', 'E_TORCH_RANK', tensors(...[9, 10, 500].map((n) => ({ shape: Array<number>(n).fill(1) })))],
  [
    'views that share elements',
    'E_TORCH_OVERLAP',
    (
      [
        [{ shape: [2] }, { shape: [2], offset: int(1) }],
        [{}, { shape: [3, 2] }],
        [{}, { shape: [6] }],
        [{}, { shape: [3] }],
        [{ shape: [3], offset: int(3) }, { shape: [4] }],
        [{}, { shape: [1, 6] }],
      ] as [TensorFields, TensorFields][]
    ).map(([a, b]) => pickle(dict({ a: tensor(a), b: tensor(b) }))),
  ],
  [
    'what is no state dict',
    'E_TORCH_STATE_DICT',
    [
      ...['N', int(1), str('x'), ')', tensor(), storage(), global('torch', 'FloatStorage')].map((part) => pickle(part)),
      ...values(
        'N',
        int(1),
        str('x'),
        storage(),
        dict({ x: tensor() }),
        tuple(tensor()),
        global('collections', 'OrderedDict'),
      ),
    ],
  ],
  [
    'a repeated name',
    'E_TORCH_DUPLICATE',
    [
      pickle('}(', str('w'), tensor(), str('w'), tensor(), 'u'),
      pickle('}', str('w'), 'Ns', str('w'), tensor(), 's'),
      pickle('}(', str(''), 'N', str(''), 'Nu'),
    ],
  ],
  [
    'a key that is no text',
    'E_TORCH_KEY',
    ['N', int(1), ')', global('torch', 'FloatStorage'), [0x88]].map((key) => pickle('}', key, tensor(), 's')),
  ],
  [
    'a name that is none',
    'E_TORCH_NAME',
    ['', 'x'.repeat(1025), 'a\nb', '\u001b[31m', '__proto__', '\u0000'].map((name) =>
      pickle('}', str(name), tensor(), 's'),
    ),
  ],
  [
    'attributes that are set',
    'E_TORCH_STATE',
    [
      pickle(ordered, dict({ x: 'N' }), 'b'),
      pickle(ordered, dict({ _metadata: '}', __class__: '}' }), 'b'),
      pickle(ordered, dict({ _metadata: 'N' }), 'b'),
      pickle(ordered, '}b'),
      pickle(ordered, 'Nb'),
      pickle(ordered, tuple('N', '}'), 'b'),
      pickle('}', dict({ _metadata: '}' }), 'b'),
    ],
  ],
  [
    'opcodes that a state dict does not need',
    'E_TORCH_OPCODE',
    [
      ...[
        ...'012FIKLPSTUVadegilop]B',
        '\u0080\u0002',
        '\u0081',
        '\u0082\u0001',
        '\u008b\u0001\u0000\u0000\u0000\u0001',
        '\u008f',
        '\u0093',
        '\u0094',
      ]
        .filter((c) => c !== 'K' && c !== 'e')
        .map((code) => pickle('}(', code)),
      pickle('(', 'ios\nsystem\n'),
      pickle(str('os'), str('system'), [0x93]),
      pickle('(', 'G', [0, 0, 0, 0, 0, 0, 0, 0]),
    ],
  ],
  [
    'frames and long counts',
    'E_TORCH_OPCODE',
    [
      [0x95, 255, 255, 255, 255, 255, 255, 255, 127],
      [0x95, 0, 0, 0, 0, 0, 0, 0, 0],
      [0x8d, 255, 255, 255, 255, 255, 255, 255, 255],
      [0x8e, 0, 0, 0, 0, 1, 0, 0, 0],
      [0x8b, 255, 255, 255, 127],
      [0x96, 0, 0, 0, 0, 0, 1, 0, 0],
    ].map((part) => pickle(part)),
  ],
  [
    'text longer than the pickle',
    'E_TORCH_PICKLE_TRUNCATED',
    [
      [255, 255, 255, 255],
      [255, 255, 255, 127],
      [2, 0, 0, 0],
      [0, 0, 0, 1],
    ].map((length) => pickle('X', length)),
  ],
  [
    'a pickle without an end',
    'E_TORCH_PICKLE_TRUNCATED',
    [
      bytesOf(),
      bytesOf([0x80]),
      bytesOf([0x80, 2]),
      bytesOf([0x80, 2], 'J', [1, 2]),
      bytesOf([0x80, 2], 'ctorch\nFloat'),
      bytesOf([0x80, 2], [0x8a, 5, 1]),
      pickle(dict({ w: tensor() })).slice(0, -1),
    ],
  ],
  [
    'bytes after the end',
    'E_TORCH_PICKLE_TRAILING',
    ['.', [0], bytesOf([0x80, 2], '}.')].map((rest) => bytesOf(pickle(dict({ w: tensor() })), rest)),
  ],
  [
    'another protocol',
    'E_TORCH_PROTOCOL',
    [
      bytesOf('}.'),
      bytesOf([0x80, 0], '}.'),
      bytesOf([0x80, 1], '}.'),
      bytesOf([0x80, 3], '}.'),
      bytesOf([0x80, 4], [0x95, 2, 0, 0, 0, 0, 0, 0, 0], '}.'),
      bytesOf([0x80, 255], '}.'),
      bytesOf('cos\nsystem\n(S"x"\ntR.'),
    ],
  ],
  [
    'text that is no UTF-8',
    'E_TORCH_TEXT',
    [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]].map((bytes) => pickle('X', u32(bytes.length), bytes)),
  ],
  [
    'a name of a global without an end',
    'E_TORCH_TEXT',
    [256, 300, 100_000].map((n) => pickle('c', 'x'.repeat(n), '\ny\n')),
  ],
  [
    'numbers beyond 2^53 - 1',
    'E_TORCH_NUMBER',
    [
      ...[2n ** 53n, 2n ** 63n - 1n, -(2n ** 53n)].map((n) => pickle(int(n))),
      pickle([0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
      pickle([0x8a, 255], Array<number>(255).fill(1)),
      ...tensors({ count: 2n ** 62n }),
    ],
  ],
  [
    'a stack that runs out',
    'E_TORCH_STACK',
    [
      'R',
      'NR',
      'Q',
      's',
      '}Ns',
      'u',
      't',
      [0x85],
      'N\u0086',
      'q\u0000',
      '(q\u0000',
      '}(Nu',
      'N(u',
      'b',
      '}(NN\u0086s',
      'N(NNs',
    ].map((part) => pickle(part)),
  ],
  [
    'values left over',
    'E_TORCH_STACK',
    [pickle(), pickle('NN'), pickle('}('), pickle('(}'), pickle('N', dict({ w: tensor() }))],
  ],
  ['a stack that grows', 'E_TORCH_STACK', ['N', ')', 'K\u0001', '}'].map((part) => pickle(...repeated(part, 10_001)))],
  ['marks without end', 'E_TORCH_DEPTH', [17, 1000, 1_000_000].map((n) => pickle('('.repeat(n)))],
  [
    'deep nesting',
    'E_TORCH_DEPTH',
    [
      pickle(')', ...repeated([0x85], 9)),
      pickle(')', '\u0085'.repeat(1_000_000)),
      pickle('}q\u0000', ...Array.from({ length: 9 }, () => bytesOf(str('a'), '}')), ...repeated('s', 9)),
      pickle('}q\u0000', ...Array.from({ length: 20 }, (_, i) => bytesOf(str(`k${i}`), 'h\u0000s'))),
    ],
  ],
  [
    'a memo bomb',
    'E_TORCH_DEPTH',
    [
      // Each tuple holds the one before twice: 2^40 leaves, were they ever walked.
      pickle(')q\u0000', ...Array.from({ length: 40 }, (_, i) => bytesOf('h', [i], 'h', [i], [0x86], 'q', [i + 1]))),
      pickle(str('x'.repeat(10_000)), 'q\u0000', ...repeated(bytesOf('h\u0000h\u0000', [0x86], 'q\u0000'), 40)),
      pickle(
        '}q\u0000',
        ...Array.from({ length: 30 }, (_, i) =>
          bytesOf(str('a'), '}q\u0001', str('b'), 'h\u0000s', 's', 'h\u0001q\u0000', str(`${i}`), 'h\u0000s'),
        ),
      ),
    ],
  ],
  [
    'places of the memo that are empty',
    'E_TORCH_MEMO',
    ['h\u0000', 'Nq\u0000h\u0001', bytesOf('j', u32(2 ** 32 - 1)), bytesOf('j', u32(1))].map((part) => pickle(part)),
  ],
  [
    'places of the memo beyond its size',
    'E_TORCH_MEMO',
    [1_000_000, 2 ** 31, 2 ** 32 - 1].map((n) => pickle('Nr', u32(n))),
  ],
]

/** Names that each error must tell. */
export const namedGlobals: readonly (readonly [string, Uint8Array])[] = calls(
  ['os', 'system'],
  ['builtins', 'eval'],
  ['torch._utils', '_rebuild_tensor_v3'],
).map((bytes, i) => [['os.system', 'builtins.eval', 'torch._utils._rebuild_tensor_v3'][i >> 1], bytes] as const)
