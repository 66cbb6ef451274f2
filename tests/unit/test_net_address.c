/* Addresses with ports: what is one, and that they come out as they went in. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/net/address.h"
#include "proto/base.h"

static void round_trip(const char *text, const char *expected)
{
	struct sockaddr_storage address;
	char got[NET_ADDRESS];

	assert_int_equal(address_parse(text, &address), 0);
	address_format((const struct sockaddr *)&address, got);
	assert_string_equal(got, expected);
}

static void addresses_are_read(void **state UNUSED)
{
	round_trip("192.0.2.1:47362", "192.0.2.1:47362");
	round_trip("0.0.0.0:0", "0.0.0.0:0");
	round_trip("[::]:65535", "[::]:65535");
	round_trip("[2001:DB8:0::1]:1", "[2001:db8::1]:1");
	/* What a socket for both families calls an IPv4 address. */
	round_trip("[::ffff:192.0.2.1]:80", "192.0.2.1:80");
	round_trip("[fe80::1%lo]:9", "[fe80::1]:9");
}

static void everything_else_is_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"",
		":",
		"192.0.2.1",
		"192.0.2.1:",
		":47362",
		"192.0.2.1:x",
		"192.0.2:1",
		"192.0.2.1:65536",
		"1.2.3.4:-1",
		"1.2.3.4: 1",
		"1.2.3.4:+1",
		"1.2.3.4:000001",
		"localhost:1",
		"example.com:1",
		"::1:1",
		"[::1]",
		"[::1]1",
		"[::1:1",
		"[]:1",
		"[1.2.3.4]:1",
		"[::1]x:1",
		"[fe80::1%nosuchlink]:1",
		" 1.2.3.4:1",
		"1.2.3.4:1 ",
		"[::1]:1]:1",
		"[2001:db8:1111:2222:3333:4444:5555:6666%aaaaaaaaaaaaaaa]:47362",
	};
	struct sockaddr_storage address;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (address_parse(bad[i], &address) != NET_ERR_ADDRESS)
			fail_msg("taken: %s", bad[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(everything_else_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
