/* Packets: what goes from one rank to another, as bytes of this kind of machine. A packet is written from front to end and read in the same
 * order. Failures (memory is out; more is read than was written) are remembered in `bad`, so that they need to be asked for once. */
#ifndef MOEDMFT_PACKET_H
#define MOEDMFT_PACKET_H

#include <moedmft/error.h>
#include <moedmft/record.h>
#include <stddef.h>

typedef struct mdm_packet {
  unsigned char *bytes; /* room */
  size_t size, room;    /* bytes written; allocated */
  size_t at;            /* next byte to be read */
  int bad;
} mdm_packet; /* {0}: empty */

void mdm_packet_clear(mdm_packet *p);
/* Room for `more` bytes behind those that are there, which the caller fills: their address, or NULL (bad). */
unsigned char *mdm_packet_extend(mdm_packet *p, size_t more);
/* MDM_OK, or what is bad about a packet that was written or read: MDM_ERR_MEMORY, MDM_ERR_INTERNAL. */
int mdm_packet_check(const mdm_packet *p, mdm_error *err);

void mdm_put_number(mdm_packet *p, size_t value);
void mdm_put_reals(mdm_packet *p, size_t n, const double *value);
void mdm_put_text(mdm_packet *p, const char *text);
void mdm_put_record(mdm_packet *p, const mdm_record *rec); /* NULL, too */

/* Zeros when the packet is bad or at its end. */
size_t mdm_get_number(mdm_packet *p);
void mdm_get_reals(mdm_packet *p, size_t n, double *out);
/* Cut at size, always terminated. */
void mdm_get_text(mdm_packet *p, char *out, size_t size);
/* The text at its full length where it lies in the packet; "" when bad. */
const char *mdm_get_text_in_place(mdm_packet *p);
/* *out is the caller's to free; NULL where NULL was put. MDM_ERR_MEMORY, MDM_ERR_INTERNAL. */
int mdm_get_record(mdm_packet *p, mdm_record **out, mdm_error *err);

#endif
