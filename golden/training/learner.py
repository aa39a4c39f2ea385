"""The model under training: bf16 copies of f32 masters, its losses, and heads that exist only here.

Loss = answers of scenes + answers of digits + aid * (what each patch shows + how much of a centre lies in it + its row and column). The patch heads
read the patches after the first layers, so that the layers above have something to look up: where after WHERE, what after WHAT. Without them the
model sees late, and never learns where things are. The name head reads the text where a name ends ("the red circle"): row, column and kind
of what is meant, so that words learn to look at the image. The pair head reads where the second name of a relation ends: on which side of it
the first thing lies; without it the layers above learn to compare only after many thousand steps. The tally head reads the end of the image: how many things there are of each kind. No head is saved with the model.
"""
import torch
import torch.nn.functional as F
from torch import nn

from model import Sail

from .fast import states
from .feed import WEIGHT
from .muon import Optimiser
from .pack import KINDS
from .scenes import COLOURS, LABELS, MOST, SHAPES, UNSURE

ROWS = 1440  # tokens that go through the layers at once
WHERE, WHAT, WHICH, BESIDE = 1, 2, 3, 4  # layers whose output the patch heads, the name head and the pair head read
SIDE = 6  # most patches on a side
HEADS = ('heads', 'where', 'which', 'beside', 'tally')


class Learner:
    def __init__(self, config, seed, tokenizer):
        torch.manual_seed(seed)
        self.model, self.heads, self.where = Sail(config), nn.Linear(config.hidden_size, LABELS + 1), nn.Linear(config.hidden_size, 2 * SIDE)
        self.which, self.beside = nn.Linear(config.hidden_size, 2 * SIDE + LABELS), nn.Linear(config.hidden_size, 2 * 3)
        self.tally = nn.Linear(config.hidden_size, (1 + len(SHAPES) + len(COLOURS)) * (MOST + 1))
        for name, p in self.model.named_parameters():
            if name.endswith(('o_proj.weight', 'down_proj.weight')):
                nn.init.zeros_(p)  # every layer starts as the identity
            elif 'embed_tokens' in name:
                nn.init.normal_(p, std=0.5)
            elif 'vis_embed' in name:
                nn.init.normal_(p, std=0.008)  # about 0.3 after the 588 products: the position of a patch must be felt beside its pixels
            elif 'lm_head' in name:
                nn.init.normal_(p, std=0.02)
        named = [*self.model.named_parameters(), *((f'{name}.{k}', p) for name in HEADS for k, p in getattr(self, name).named_parameters())]
        self.optimiser = Optimiser(named)
        for module in (self.model, *(getattr(self, name) for name in HEADS)):
            module.bfloat16()
        ids = lambda words: torch.tensor([tokenizer.token_to_id(f'▁{word}') for word in words])
        self.words = ids(COLOURS), ids(SHAPES), ids(range(10))
        self.weights = torch.tensor([float(WEIGHT[kind]) for kind in KINDS])

    def states(self, batch):
        """Final states and those of the patch heads, (B, S, D) each. The patches go in as one block, since in a batch all images have the same size."""
        P, S = batch.labels.shape[1], batch.ids.shape[1]
        seen = self.model.model.vis_embed(batch.patches.flatten(0, 1).bfloat16()).view(*batch.patches.shape[:2], -1)
        x = self.model.model.embed_tokens(batch.ids) + F.pad(seen, (0, 0, 1, S - 1 - P))
        return states(self.model, x, batch.positions, batch.mask, (WHERE, WHAT, WHICH, BESIDE))

    def located(self, h, positions):
        """Loss of naming each patch's row and column from h (B, P, D); positions (3, B, P) are 1 + (0, row, column)."""
        guess = self.where(F.rms_norm(h, h.shape[-1:])).float().unflatten(-1, (2, SIDE))
        return F.cross_entropy(guess.flatten(0, 2), (positions[1:] - 1).permute(1, 2, 0).flatten())

    def spelt(self, h, labels):
        """Loss of pointing at the input embeddings of a patch's words, "red" and "circle" or "7", among their like: patches and words come to
        share directions, so that a word finds its patches by plain likeness. h (N, D) normalised, labels (N,); the sum over patches."""
        table, thing, digit = self.model.model.embed_tokens.weight, (labels > 0) & (labels < LABELS - 10), labels >= LABELS - 10
        kinds = ((thing, (labels - 1) % len(COLOURS)), (thing, (labels - 1) // len(COLOURS)), (digit, labels - (LABELS - 10)))
        return sum(F.cross_entropy((h[at] @ table[ids].T).float() * 0.1, target[at], reduction='sum') for ids, (at, target) in zip(self.words, kinds))

    def looked_up(self, h, named):
        """Loss of naming row, column and kind of the thing that is meant, where its name ends; the sum over names. h (B, S, D), named (M, 4)."""
        guess = self.which(F.rms_norm(h.flatten(0, 1)[named[:, 0]], h.shape[-1:])).float().split((SIDE, SIDE, LABELS), -1)
        return sum(F.cross_entropy(part, named[:, i + 1], reduction='sum') for i, part in enumerate(guess))

    def compared(self, h, pairs):
        """Loss of naming on which side of the second thing the first one lies, where the second name ends; the sum. h (B, S, D), pairs (R, 3)."""
        guess = self.beside(F.rms_norm(h.flatten(0, 1)[pairs[:, 0]], h.shape[-1:])).float().unflatten(-1, (2, 3))
        return F.cross_entropy(guess.flatten(0, 1), pairs[:, 1:].flatten(), reduction='sum')

    def counted(self, h, tallies):
        """Loss of naming, at the end of the image, how many things there are of each kind; the sum. h (B, D), tallies (B, 11) or none."""
        guess = self.tally(F.rms_norm(h, h.shape[-1:])).float().unflatten(-1, (-1, MOST + 1))
        return F.cross_entropy(guess[: len(tallies)].flatten(0, 1), tallies.flatten(), reduction='sum')

    def backward(self, batch, scale, aid):
        """Adds the gradients of one batch, a few images at a time: their states stay in the processor's cache.
        -> loss sum and count by kind, and the losses of the heads: what, where, which, spelt, beside, centre, tally."""
        weights, told = self.weights[batch.kinds], 0.0
        each, open_patches, parts = torch.zeros(len(weights)), int((batch.labels != UNSURE).sum()), batch.parts(ROWS)
        for rows, part in parts:
            (h, (early, seen, late, last)), P = self.states(part), part.labels.shape[1]
            each[rows] = loss = F.cross_entropy(self.model.lm_head(h.flatten(0, 1)[part.at]).float(), part.targets, reduction='none')
            image = slice(1, P + 1)
            content = F.rms_norm(seen[:, image], seen.shape[-1:]).flatten(0, 1)
            seen, spelt = self.heads(content).float(), self.spelt(content, part.labels.flatten()) / open_patches
            where = self.located(early[:, image], part.positions[:, :, image]) * len(part.ids) / len(batch.ids)
            patch = F.cross_entropy(seen[:, :-1], part.labels.flatten(), ignore_index=UNSURE, reduction='sum') / open_patches
            centre = F.binary_cross_entropy_with_logits(seen[:, -1], part.centres.flatten()) * len(part.ids) / len(batch.ids)
            which = self.looked_up(late, part.named) / max(1, len(batch.named))
            beside = self.compared(last, part.pairs) / max(1, 2 * len(batch.pairs))
            tally = self.counted(late[:, P + 1], part.tallies) / max(1, batch.tallies.numel())
            (scale * (loss @ weights[rows]) / weights.sum() + aid * (patch + centre + where + which + 2 * spelt + 2 * beside + 2 * tally)).backward()
            each, told = each.detach(), told + torch.tensor([float(patch), float(where), float(which), float(spelt), float(beside), float(centre), float(tally)])
        count = lambda values: torch.zeros(len(KINDS)).index_add_(0, batch.kinds, values)
        return count(each), count(torch.ones(len(each))), told

    @torch.no_grad()
    def accuracy(self, batches):
        """Right next tokens and how many, by kind, with the averaged weights."""
        self.show(self.optimiser.average)
        right, total = torch.zeros(len(KINDS)), torch.zeros(len(KINDS))
        for batch in batches:
            best = torch.cat([self.model.lm_head(self.states(part)[0].flatten(0, 1)[part.at]).argmax(-1) for _, part in batch.parts(ROWS)])
            answer = batch.targets != 2  # the end of an answer is easy and would flatter
            right.index_add_(0, batch.kinds[answer], (best == batch.targets)[answer].float())
            total.index_add_(0, batch.kinds[answer], torch.ones(int(answer.sum())))
        self.show(self.optimiser.master)
        return right, total

    @torch.no_grad()
    def show(self, weights):
        for name, p in self.optimiser.running.items():
            p.copy_(weights[name])

    def export(self):
        """The averaged weights as a model in f32."""
        model = Sail(self.model.config)
        model.load_state_dict({k: w for k, w in self.optimiser.average.items() if not k.startswith(tuple(f'{name}.' for name in HEADS))})
        return model
