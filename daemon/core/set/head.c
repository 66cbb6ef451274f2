/* Rules of heads, one function for each kind of payload. */
#include "daemon/core/set/head.h"

#include "daemon/core/set/item.h"

#include <sodium.h>
#include <string.h>

#define GROUP_NAME_MAX 512 /* sealed, so longer than the text in it */

bool head_known(uint32_t kind)
{
	switch (kind) {
	case FOB__KIND__GENESIS:
	case FOB__KIND__ADD:
	case FOB__KIND__REVOKE:
	case FOB__KIND__SUSPEND:
	case FOB__KIND__LIFT:
	case FOB__KIND__GROUP:
	case FOB__KIND__RECOVERY:
	case FOB__KIND__KEY:
	case FOB__KIND__GRANT:
	case FOB__KIND__ENTRY:
	case FOB__KIND__PURGE:
		return true;
	default:
		return false;
	}
}

size_t head_limit(uint32_t kind)
{
	switch (kind) {
	case FOB__KIND__KEY:
		return HEAD_KEY_MAX;
	case FOB__KIND__RECOVERY:
		return HEAD_RECOVERY_MAX;
	default:
		return HEAD_MAX;
	}
}

bool head_by_recovery(const Fob__Head *head)
{
	return head->author.len == DEVICE_ID_SIZE &&
	       sodium_is_zero(head->author.data, DEVICE_ID_SIZE);
}

/* --- sizes and counts ----------------------------------------------------- */

static bool sized(const ProtobufCBinaryData *b, size_t size)
{
	return b->len == size;
}

static bool sized_or_empty(const ProtobufCBinaryData *b, size_t size)
{
	return b->len == 0 || b->len == size;
}

static bool list_ok(const ProtobufCBinaryData *list, size_t n, size_t size,
		    size_t max)
{
	if (n > max)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (list[i].len != size)
			return false;
	}
	return true;
}

static bool distinct(const ProtobufCBinaryData *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (list[i].len == list[k].len &&
			    memcmp(list[i].data, list[k].data, list[i].len) ==
				    0)
				return false;
		}
	}
	return true;
}

static bool ids_ok(const ProtobufCBinaryData *list, size_t n)
{
	return list_ok(list, n, ID_SIZE, LIST_MAX);
}

static bool plain(const ProtobufCMessage *message)
{
	return message->n_unknown_fields == 0;
}

/* --- keys ----------------------------------------------------------------- */

static bool ed25519_ok(const ProtobufCBinaryData *key)
{
	return sized(key, KEY_SIZE) &&
	       crypto_core_ed25519_is_valid_point(key->data) == 1;
}

/* libsodium refuses a product that is zero, which low order always gives. */
static bool x25519_ok(const ProtobufCBinaryData *key)
{
	static const uint8_t scalar[KEY_SIZE] = { 9 };
	uint8_t product[KEY_SIZE];

	return sized(key, KEY_SIZE) &&
	       crypto_scalarmult(product, scalar, key->data) == 0;
}

bool head_certificate_ok(const Fob__Certificate *certificate)
{
	return certificate && plain(&certificate->base) &&
	       ed25519_ok(&certificate->sign) &&
	       ed25519_ok(&certificate->status) &&
	       x25519_ok(&certificate->wrap) &&
	       x25519_ok(&certificate->transport);
}

/* --- payloads ------------------------------------------------------------- */

static bool genesis_ok(const Fob__Head *head)
{
	const Fob__Genesis *g = head->genesis;
	uint8_t id[DEVICE_ID_SIZE];

	if (!plain(&g->base) || !sized(&g->nonce, ID_SIZE) ||
	    !ed25519_ok(&g->recovery_sign) || !x25519_ok(&g->recovery_wrap) ||
	    !head_certificate_ok(g->device) ||
	    !sized(&g->cosign, SIGNATURE_SIZE))
		return false;
	item_device_id(id, g->device);
	return head->prev.len == 0 && head->n_roster == 0 &&
	       memcmp(id, head->author.data, DEVICE_ID_SIZE) == 0;
}

static bool add_ok(const Fob__Add *a)
{
	return plain(&a->base) && head_certificate_ok(a->device) &&
	       (a->role == FOB__ROLE__DEVICE || a->role == FOB__ROLE__KEEPER) &&
	       a->ordinal >= 1 && sized(&a->join_sig, SIGNATURE_SIZE);
}

static bool revoke_ok(const Fob__Revoke *r)
{
	return plain(&r->base) && sized(&r->target, DEVICE_ID_SIZE) &&
	       ids_ok(r->tips0, r->n_tips0) && ids_ok(r->tips1, r->n_tips1) &&
	       ids_ok(r->tips2, r->n_tips2);
}

static bool suspend_ok(const Fob__Suspend *s)
{
	return plain(&s->base) && sized(&s->target, DEVICE_ID_SIZE) &&
	       ids_ok(s->tips1, s->n_tips1) && ids_ok(s->tips2, s->n_tips2);
}

static bool lift_ok(const Fob__Lift *l)
{
	return plain(&l->base) && sized(&l->suspend, ID_SIZE);
}

static bool group_ok(const Fob__Group *g)
{
	return plain(&g->base) && sized_or_empty(&g->group, GROUP_ID_SIZE) &&
	       list_ok(g->add, g->n_add, DEVICE_ID_SIZE, LIST_MAX) &&
	       list_ok(g->remove, g->n_remove, DEVICE_ID_SIZE, LIST_MAX) &&
	       ids_ok(g->tips1, g->n_tips1) && ids_ok(g->tips2, g->n_tips2) &&
	       ids_ok(g->undo, g->n_undo) && g->name.len <= GROUP_NAME_MAX;
}

static bool recovery_ok(const Fob__Head *head)
{
	const Fob__Recovery *r = head->recovery;

	return plain(&r->base) && head_by_recovery(head) &&
	       head->generation < UINT32_MAX &&
	       r->generation == head->generation + 1 &&
	       ed25519_ok(&r->recovery_sign) && x25519_ok(&r->recovery_wrap) &&
	       sized(&r->cosign, SIGNATURE_SIZE) &&
	       list_ok(r->valid, r->n_valid, ID_SIZE, RECOVERY_VALID_MAX);
}

static bool wrap_ok(const Fob__Wrap *w)
{
	return w && plain(&w->base) && sized(&w->recipient, DEVICE_ID_SIZE) &&
	       sized(&w->ephemeral, KEY_SIZE) && sized(&w->box, BOX_SIZE) &&
	       (w->generation == 0 ||
		sodium_is_zero(w->recipient.data, DEVICE_ID_SIZE));
}

static bool sealed_ok(const Fob__SealedParent *s)
{
	return plain(&s->base) && sized(&s->kid, KID_SIZE) &&
	       sized(&s->box, BOX_SIZE);
}

static bool key_ok(const Fob__Key *k)
{
	if (!plain(&k->base) || !sized(&k->group, GROUP_ID_SIZE) ||
	    !sized(&k->kid, KID_SIZE) ||
	    !list_ok(k->parents, k->n_parents, KID_SIZE, LIST_MAX) ||
	    k->n_wraps > LIST_MAX || k->n_sealed > LIST_MAX)
		return false;
	for (size_t i = 0; i < k->n_wraps; i++) {
		if (!wrap_ok(k->wraps[i]))
			return false;
	}
	for (size_t i = 0; i < k->n_sealed; i++) {
		if (!sealed_ok(k->sealed[i]))
			return false;
	}
	return true;
}

static bool grant_ok(const Fob__Grant *g)
{
	return plain(&g->base) && sized(&g->group, GROUP_ID_SIZE) &&
	       sized(&g->kid, KID_SIZE) && wrap_ok(g->wrap);
}

static bool entry_ok(const Fob__Entry *e)
{
	return plain(&e->base) && sized(&e->group, GROUP_ID_SIZE) &&
	       sized(&e->record, RECORD_ID_SIZE) &&
	       list_ok(e->parents, e->n_parents, ID_SIZE, PARENTS_MAX) &&
	       distinct(e->parents, e->n_parents) && sized(&e->kid, KID_SIZE) &&
	       sized(&e->nonce, NONCE_SIZE) &&
	       sized(&e->commitment, COMMITMENT_SIZE);
}

static bool purge_ok(const Fob__Purge *p)
{
	return plain(&p->base) && sized(&p->group, GROUP_ID_SIZE) &&
	       sized(&p->record, RECORD_ID_SIZE) &&
	       ids_ok(p->heads, p->n_heads);
}

static unsigned payloads(const Fob__Head *h)
{
	return (unsigned)!!h->genesis + !!h->add + !!h->revoke + !!h->suspend +
	       !!h->lift + !!h->group + !!h->recovery + !!h->key + !!h->grant +
	       !!h->entry + !!h->purge;
}

static bool payload_ok(const Fob__Head *h)
{
	switch (h->kind) {
	case FOB__KIND__GENESIS:
		return h->genesis && genesis_ok(h);
	case FOB__KIND__ADD:
		return h->add && add_ok(h->add);
	case FOB__KIND__REVOKE:
		return h->revoke && revoke_ok(h->revoke);
	case FOB__KIND__SUSPEND:
		return h->suspend && suspend_ok(h->suspend);
	case FOB__KIND__LIFT:
		return h->lift && lift_ok(h->lift);
	case FOB__KIND__GROUP:
		return h->group && group_ok(h->group);
	case FOB__KIND__RECOVERY:
		return h->recovery && recovery_ok(h);
	case FOB__KIND__KEY:
		return h->key && key_ok(h->key);
	case FOB__KIND__GRANT:
		return h->grant && grant_ok(h->grant);
	case FOB__KIND__ENTRY:
		return h->entry && entry_ok(h->entry);
	case FOB__KIND__PURGE:
		return h->purge && purge_ok(h->purge);
	default:
		return false;
	}
}

/* --- the head ------------------------------------------------------------- */

/*
 * The recovery key has no chain and speaks about membership only; nobody but
 * it has a generation.
 */
static bool author_ok(const Fob__Head *h)
{
	if (!sized(&h->author, DEVICE_ID_SIZE))
		return false;
	if (!head_by_recovery(h))
		return h->generation == 0;
	return h->prev.len == 0 && item_class(h->kind) == 0;
}

bool head_well_formed(const Fob__Head *h)
{
	if (h->kind == FOB__KIND__KIND_NONE ||
	    item_class(h->kind) >= CLASS_MAX || !author_ok(h) ||
	    !sized_or_empty(&h->prev, ID_SIZE) ||
	    !list_ok(h->roster, h->n_roster, ID_SIZE, ROSTER_MAX) ||
	    !distinct(h->roster, h->n_roster))
		return false;
	if (!head_known(h->kind))
		return payloads(h) == 0 &&
		       h->base.n_unknown_fields <= UNKNOWN_FIELDS_MAX;
	return plain(&h->base) && payloads(h) == 1 && payload_ok(h);
}
