#include "client/formats/label.h"

#include <string.h>

#include "proto/text.h"

static struct bytes skip(struct bytes text, size_t n)
{
	return (struct bytes){ text.p + n, text.n - n };
}

struct bytes label_trim(struct bytes text)
{
	while (text.n > 0 && text.p[0] == ' ')
		text = skip(text, 1);
	while (text.n > 0 && text.p[text.n - 1] == ' ')
		text.n--;
	return text;
}

/* Does the label begin with "issuer:"? *ret_rest is what follows. */
static bool begins_with_issuer(struct bytes label, struct bytes issuer,
			       struct bytes *ret_rest)
{
	struct bytes head = { label.p, issuer.n };
	size_t at = issuer.n;

	if (label.n < issuer.n || !text_same(head, issuer))
		return false;
	while (at < label.n && label.p[at] == ' ')
		at++;
	if (at == label.n || label.p[at] != ':')
		return false;
	*ret_rest = skip(label, at + 1);
	return true;
}

int label_apply(struct entry *entry, struct bytes issuer, struct bytes label,
		struct fault *ret_fault)
{
	struct bytes account = label_trim(label), rest;
	const uint8_t *colon = NULL;
	int r;

	issuer = label_trim(issuer);
	if (account.n > 0)
		colon = memchr(account.p, ':', account.n);
	if (issuer.n > 0 && begins_with_issuer(account, issuer, &rest)) {
		account = rest;
	} else if (colon && colon == account.p) {
		account = skip(account, 1);
	} else if (issuer.n == 0 && colon) {
		issuer = (struct bytes){ account.p,
					 (size_t)(colon - account.p) };
		account = skip(account, issuer.n + 1);
	}
	r = entry_set(entry, ENTRY_ISSUER, issuer, ret_fault);
	if (r != 0)
		return r;
	return entry_set(entry, ENTRY_ACCOUNT, account, ret_fault);
}
