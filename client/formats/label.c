#include "client/formats/label.h"

#include <string.h>

#include "proto/text.h"

static struct bytes skip(struct bytes text, size_t n)
{
	return (struct bytes){ text.p + n, text.n - n };
}

static struct bytes trim(struct bytes text)
{
	while (text.n > 0 && text.p[0] == ' ')
		text = skip(text, 1);
	while (text.n > 0 && text.p[text.n - 1] == ' ')
		text.n--;
	return text;
}

/* What follows "issuer:", or the whole label when it begins otherwise. */
static struct bytes without_issuer(struct bytes label, struct bytes issuer)
{
	struct bytes head = { label.p, issuer.n };
	size_t at = issuer.n;

	if (label.n < issuer.n || !text_same(head, issuer))
		return label;
	while (at < label.n && label.p[at] == ' ')
		at++;
	return at < label.n && label.p[at] == ':' ? skip(label, at + 1) : label;
}

int label_apply(struct entry *entry, struct bytes issuer, struct bytes label,
		struct fault *ret_fault)
{
	struct bytes account = trim(label);
	const uint8_t *colon = NULL;
	int r;

	issuer = trim(issuer);
	if (account.n > 0)
		colon = memchr(account.p, ':', account.n);
	if (colon && colon == account.p) {
		account = skip(account, 1);
	} else if (issuer.n > 0) {
		account = without_issuer(account, issuer);
	} else if (colon) {
		issuer = (struct bytes){ account.p,
					 (size_t)(colon - account.p) };
		account = skip(account, issuer.n + 1);
	}
	r = entry_set(entry, ENTRY_ISSUER, issuer, ret_fault);
	if (r != 0)
		return r;
	return entry_set(entry, ENTRY_ACCOUNT, account, ret_fault);
}
