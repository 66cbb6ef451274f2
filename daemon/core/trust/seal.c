/* Entries: padding, keys, encryption; by libsodium. */
#include "daemon/core/trust/seal.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/digest.h"

#define PAD_MARK 0x80
#define CLASS_STEP 1024 /* sizes above it are its multiples */

#define AD_LABEL "fob/1 entry ad"

static const struct bytes label_ad = { (const uint8_t *)AD_LABEL,
				       sizeof(AD_LABEL) };

/* --- padding -------------------------------------------------------------- */

size_t seal_padded(size_t n)
{
	if (n >= PLAIN_MAX)
		return 0;
	if (n < 256)
		return 256;
	if (n < 512)
		return 512;
	return (n / CLASS_STEP + 1) * CLASS_STEP;
}

void seal_pad(uint8_t *p, size_t n, size_t padded)
{
	REQUIRE(n < padded);
	p[n] = PAD_MARK;
	memset(p + n + 1, 0, padded - n - 1);
}

/* Only the padding that seal_pad makes for that length is taken back. */
static int unpad(const uint8_t *p, size_t padded, size_t *ret_len)
{
	size_t n = padded;

	while (n > 0 && p[n - 1] == 0)
		n--;
	if (n == 0 || p[n - 1] != PAD_MARK || seal_padded(n - 1) != padded)
		return SEAL_ERR_PLAIN;
	*ret_len = n - 1;
	return 0;
}

/* --- keys ----------------------------------------------------------------- */

static struct bytes view(const ProtobufCBinaryData *b)
{
	return (struct bytes){ b->data, b->len };
}

/* A label and the packed head; the caller frees. */
static int labelled_head(uint8_t **ret, size_t *ret_len, struct bytes label,
			 const Fob__Head *head)
{
	size_t n = fob__head__get_packed_size(head);
	uint8_t *p = malloc(label.n + n);

	if (!p)
		return -ENOMEM;
	if (label.n > 0)
		memcpy(p, label.p, label.n);
	*ret_len = label.n + fob__head__pack(head, p + label.n);
	*ret = p;
	return 0;
}

int seal_nonce(uint8_t ret_nonce[static NONCE_SIZE], const Fob__Head *head,
	       struct bytes plain, const uint8_t fresh[static KEY_SIZE],
	       const uint8_t nonce_secret[static KEY_SIZE])
{
	AUTO_FREE uint8_t *bare = NULL;
	uint8_t hash[ID_SIZE];
	Fob__Head h = *head;
	Fob__Entry entry = *head->entry;
	size_t n;
	int err;

	entry.nonce = entry.commitment = (ProtobufCBinaryData){ 0, NULL };
	h.entry = &entry;
	err = labelled_head(&bare, &n, (struct bytes){ NULL, 0 }, &h);
	if (err)
		return err;
	crypto_generichash(hash, sizeof(hash), plain.p, plain.n, NULL, 0);
	const struct bytes parts[] = { LABEL("fob/1 entry nonce"),
				       { fresh, KEY_SIZE },
				       BYTES(hash),
				       { bare, n } };

	DIGEST(ret_nonce, NONCE_SIZE,
	       ((struct bytes){ nonce_secret, KEY_SIZE }), parts);
	sodium_memzero(hash, sizeof(hash));
	return 0;
}

void seal_keys(uint8_t ret[static 2 * KEY_SIZE], const Fob__Head *head,
	       const uint8_t vault_id[static ID_SIZE],
	       const uint8_t key[static KEY_SIZE])
{
	const struct bytes parts[] = {
		LABEL("fob/1 entry"),	   { vault_id, ID_SIZE },
		view(&head->entry->group), view(&head->entry->record),
		view(&head->author),	   view(&head->entry->nonce),
	};

	DIGEST(ret, 2 * KEY_SIZE, ((struct bytes){ key, KEY_SIZE }), parts);
}

/* --- encryption ----------------------------------------------------------- */

int seal_encrypt(uint8_t *ret_blob, size_t padded, const Fob__Head *head,
		 const uint8_t keys[static 2 * KEY_SIZE])
{
	AUTO_FREE uint8_t *ad = NULL;
	size_t n;
	int err = labelled_head(&ad, &n, label_ad, head);

	if (err)
		return err;
	crypto_aead_xchacha20poly1305_ietf_encrypt(ret_blob, NULL, ret_blob,
						   padded, ad, n, NULL,
						   head->entry->nonce.data,
						   keys);
	return 0;
}

/* Every length that the functions below take for granted. */
static bool entry_sized(const struct seal_entry *e)
{
	const Fob__Head *h = e->head;

	return h->entry && h->author.len == DEVICE_ID_SIZE &&
	       h->entry->group.len == GROUP_ID_SIZE &&
	       h->entry->record.len == RECORD_ID_SIZE &&
	       h->entry->nonce.len == NONCE_SIZE &&
	       h->entry->commitment.len == COMMITMENT_SIZE &&
	       e->blob.n >= TAG_SIZE && e->blob.n <= BLOB_MAX;
}

static int decrypt(uint8_t *ret_plain, const struct seal_entry *entry,
		   const uint8_t *key)
{
	AUTO_FREE uint8_t *ad = malloc(label_ad.n + entry->head_bytes.n);

	if (!ad)
		return -ENOMEM;
	memcpy(ad, label_ad.p, label_ad.n);
	memcpy(ad + label_ad.n, entry->head_bytes.p, entry->head_bytes.n);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    ret_plain, NULL, NULL, entry->blob.p, entry->blob.n, ad,
		    label_ad.n + entry->head_bytes.n,
		    entry->head->entry->nonce.data, key) != 0)
		return SEAL_ERR_FORGED;
	return 0;
}

int seal_decrypt(uint8_t *ret_plain, size_t *ret_len,
		 const struct seal_entry *entry,
		 const uint8_t vault_id[static ID_SIZE],
		 const uint8_t key[static KEY_SIZE])
{
	uint8_t keys[2 * KEY_SIZE];
	int err = SEAL_ERR_FORGED;

	if (!entry_sized(entry))
		return SEAL_ERR_FORGED;
	seal_keys(keys, entry->head, vault_id, key);
	/* The commitment comes first: a blob may have no second key. */
	if (sodium_memcmp(keys + KEY_SIZE, entry->head->entry->commitment.data,
			  COMMITMENT_SIZE) == 0)
		err = decrypt(ret_plain, entry, keys);
	sodium_memzero(keys, sizeof(keys));
	if (err)
		return err;
	return unpad(ret_plain, entry->blob.n - TAG_SIZE, ret_len);
}
