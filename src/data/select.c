/* Draw of a subset of samples, balanced over classes.
 *
 * Step i of a Fisher-Yates shuffle uses the Philox word of (data.seed, purpose, class, i), see random.h. Hence a draw
 * depends on nothing else: the subset of 50 samples is part of the subset of 100, and asking for more test samples does
 * not change the train part. */
#include "data/source.h"

#include <stdlib.h>

/* Integer below bound; the bias of the modulus is under bound / 2^64. */
static size_t draw_below(size_t bound, mdm_stream stream, size_t i) {
  uint64_t word;
  mdm_words(stream, i, 1, &word);
  return (size_t)(word % bound);
}

/* From the front, so that entry i needs draws 0 to i only. */
void mdm_shuffle(size_t *list, size_t n, mdm_stream stream) {
  for (size_t i = 0; i + 1 < n; i++) {
    size_t j = i + draw_below(n - i, stream, i), swap = list[i];
    list[i] = list[j];
    list[j] = swap;
  }
}

int mdm_deck_create(mdm_deck *deck, const size_t *group, size_t count, size_t groups, mdm_stream stream,
                    mdm_error *err) {
  *deck = (mdm_deck){.groups = groups};
  deck->card = mdm_array(count, 1, sizeof *deck->card, err);
  deck->end = mdm_array(groups, 1, sizeof *deck->end, err);
  deck->next = mdm_array(groups, 1, sizeof *deck->next, err);
  if (!deck->card || !deck->end || !deck->next) return MDM_ERR_MEMORY;
  for (size_t m = 0; m < count; m++)
    if (group[m] != MDM_NO_CLASS) deck->end[group[m]]++;
  for (size_t g = 1; g < groups; g++) {
    deck->next[g] = deck->end[g - 1];
    deck->end[g] += deck->end[g - 1];
  }
  for (size_t m = 0; m < count; m++) /* next runs to the end of its class ... */
    if (group[m] != MDM_NO_CLASS) deck->card[deck->next[group[m]]++] = m;
  for (size_t g = 0; g < groups; g++) { /* ... and returns to its start */
    deck->next[g] = g ? deck->end[g - 1] : 0;
    stream.run = (uint32_t)g;
    mdm_shuffle(deck->card + deck->next[g], deck->end[g] - deck->next[g], stream);
  }
  return MDM_OK;
}

size_t mdm_deck_left(const mdm_deck *deck) {
  size_t left = 0;
  for (size_t g = 0; g < deck->groups; g++) left += deck->end[g] - deck->next[g];
  return left;
}

void mdm_deck_deal(mdm_deck *deck, size_t n, size_t *out) {
  for (size_t dealt = 0; dealt < n;)
    for (size_t g = 0; g < deck->groups && dealt < n; g++)
      if (deck->next[g] < deck->end[g]) out[dealt++] = deck->card[deck->next[g]++];
}

void mdm_deck_free(mdm_deck *deck) {
  free(deck->card);
  free(deck->end);
  free(deck->next);
  *deck = (mdm_deck){0};
}
