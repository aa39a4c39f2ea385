"""Many questions behind one image, so that the image is paid for once: a batch of pictures as tensors.

The token paths `<s>[INST] question [/INST] answer` of a picture form a tree, and paths that begin alike share nodes. A node sees the
whole image prefix and its ancestors, at position (end of the image) + its depth: exactly what it sees when its question is asked alone,
since text never changes the prefix and is causal. Only answers (and the end after them) are learnt.
"""
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from .patches import resize, to_patches
from .questions import referents, sides
from .scenes import COLOURS, SHAPES

KINDS = ('colour', 'shape', 'count', 'relation', 'digit', 'caption', 'place')
EOS = 2


@dataclass
class Batch:
    ids: torch.Tensor  # (B, S) prefix, then the nodes of the tree
    positions: torch.Tensor  # (3, B, S)
    mask: torch.Tensor  # (B, S, S)
    patches: torch.Tensor  # (B, P, 3 * p * p)
    at: torch.Tensor  # (N,) rows of the flattened (B * S) whose next token is learnt
    targets: torch.Tensor  # (N,)
    kinds: torch.Tensor  # (N,) index into KINDS
    labels: torch.Tensor  # (B, P) what each patch shows
    centres: torch.Tensor  # (B, P)
    named: torch.Tensor  # (M, 4) row of the flattened (B * S) where a name ends; row, column and label of the thing it means
    tallies: torch.Tensor  # (B, 1 + shapes + colours) how many things of each there are; no rows for digits
    pairs: torch.Tensor  # (R, 3) row where the second name of a relation ends; on which side the first thing lies, across and down

    def parts(self, tokens):
        """Slices of as many whole images as `tokens` allow, each with its slice of the learnt rows."""
        B, S = self.ids.shape
        size = max(1, tokens // S)
        for b in range(0, B, size):
            rows = slice(*torch.searchsorted(self.at, torch.tensor([b * S, (b + size) * S])).tolist())
            own = (x[b : b + size] for x in (self.mask, self.patches, self.labels, self.centres, self.tallies))
            mask, patches, labels, centres, tallies = own
            names, pairs = (table[(table[:, 0] >= b * S) & (table[:, 0] < (b + size) * S)] for table in (self.named, self.pairs))
            names, pairs = names - torch.tensor([b * S, 0, 0, 0]), pairs - torch.tensor([b * S, 0, 0])
            yield rows, Batch(self.ids[b : b + size], self.positions[:, b : b + size], mask, patches, self.at[rows] - b * S,
                              self.targets[rows], self.kinds[rows], labels, centres, names, tallies, pairs)


class Tree:
    """At most `room` nodes; node i sees the nodes whose bit is set in seen[i]."""
    def __init__(self, room):
        self.room, self.tokens, self.depths, self.children = room, [], [], {}
        self.seen, self.learnt = np.eye(room, dtype=bool), []

    def add(self, tokens, first, last_too, kind):
        """A path. -> its nodes, none if there is no room. `first`: index of the first learnt token; `last_too`: whether the end of the text is learnt as well."""
        path = tokens if last_too else tokens[:-1]
        node, fresh = -1, 0
        for token in path:
            node = self.children.get((node, token)) if node is not None else None
            fresh += node is None
        if len(self.tokens) + fresh > self.room:
            return []
        node, nodes = -1, []
        for depth, token in enumerate(path):
            child = self.children.get((node, token))
            if child is None:
                child = self.children[node, token] = len(self.tokens)
                if node >= 0:
                    self.seen[child] |= self.seen[node]
                self.tokens.append(token)
                self.depths.append(depth)
            node = child
            nodes.append(node)
            if depth + 1 >= first:
                self.learnt.append((node, tokens[depth + 1] if depth + 1 < len(tokens) else EOS, KINDS.index(kind)))
        return nodes


class Packer:
    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.encode = lru_cache(20000)(self._encode)

    def _encode(self, prompt, answer):
        ids = self.tokenizer.encode(f'<s>[INST] {prompt} [/INST] {answer}', add_special_tokens=False).ids
        return ids, ids.index(self.tokenizer.token_to_id('▁[/INST]')) + 1

    def batch(self, rng, pictures, asked, room, prefix_positions):
        """`asked`: one list of (kind, prompt, answer) a picture; what does not fit into `room` nodes is left out."""
        P, B = len(pictures[0].labels), len(pictures)
        n, S = P + 2, P + 2 + room
        name = self.tokenizer.token_to_id
        ids, depths = np.zeros((B, S), np.int64), np.zeros((B, room), np.int64)
        ids[:, 0], ids[:, 1 : P + 1], ids[:, P + 1] = name('<vision>'), name('<vpatch>'), name('</vision>')
        mask, learnt, named, pairs = np.zeros((B, S, S), bool), [], set(), set()
        mask[:, :, :n] = True
        for b, questions in enumerate(asked):
            tree = Tree(room)
            for kind, prompt, answer in questions:
                tokens, first = self.encode(prompt, answer)
                nodes = tree.add(tokens, first, kind in ('caption', 'place') or rng.random() < 0.2, kind)
                if nodes:  # word i of the question is token i + 2: every word is one piece
                    meant = [(b * S + n + nodes[i + 2], thing) for i, thing in referents(prompt, pictures[b].things)]
                    named |= {(at, *pictures[b].cell(thing), thing.label) for at, thing in meant}
                    if kind == 'relation':
                        pairs.add((meant[1][0], *sides(meant[0][1], meant[1][1])))
            ids[b, n : n + len(tree.tokens)], depths[b, : len(tree.depths)] = tree.tokens, tree.depths
            mask[b, n:, n:] = tree.seen
            learnt += [(b * S + n + node, target, kind) for node, target, kind in sorted(tree.learnt)]
        text = prefix_positions[:, None, -1:] + 1 + torch.from_numpy(depths)[None]
        positions = torch.cat((prefix_positions[:, None].expand(3, B, n), text.expand(3, B, room)), 2)
        at, targets, kinds = torch.tensor(learnt).T.contiguous()
        patches = torch.from_numpy(to_patches(np.stack([resize(p.pixels) for p in pictures])))
        labels, centres = (torch.from_numpy(np.stack([getattr(p, key) for p in pictures])) for key in ('labels', 'centres'))
        tallies = torch.tensor([p.tally() for p in pictures if p.things], dtype=torch.long).reshape(-1, 1 + len(SHAPES) + len(COLOURS))
        names, pairs = (torch.tensor(sorted(rows), dtype=torch.long).reshape(-1, width) for rows, width in ((named, 4), (pairs, 3)))
        return Batch(torch.from_numpy(ids), positions, torch.from_numpy(mask), patches, at, targets, kinds, labels, centres, names, tallies, pairs)
