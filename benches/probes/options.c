/* What the kernel itself needs: scripts/bench.sh instructions compares with this.
 *
 * options read               every IPv4 service and its real servers, by getsockopt
 * options change N SERVERS   N services with SERVERS real servers each, by setsockopt
 * options connect N          N UDP datagrams to 10.255.0.9:53, each from a port of its own
 */
#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int read_all(int socket)
{
	struct ip_vs_getinfo info;
	socklen_t length = sizeof info;
	if (getsockopt(socket, IPPROTO_IP, IP_VS_SO_GET_INFO, &info, &length))
		return fail("info");
	length = sizeof(struct ip_vs_get_services) +
		 info.num_services * sizeof(struct ip_vs_service_entry);
	struct ip_vs_get_services *services = calloc(1, length);
	services->num_services = info.num_services;
	if (getsockopt(socket, IPPROTO_IP, IP_VS_SO_GET_SERVICES, services, &length))
		return fail("services");
	unsigned long servers = 0;
	for (unsigned int i = 0; i < info.num_services; i++) {
		struct ip_vs_service_entry *service = &services->entrytable[i];
		length = sizeof(struct ip_vs_get_dests) +
			 service->num_dests * sizeof(struct ip_vs_dest_entry);
		struct ip_vs_get_dests *answer = calloc(1, length);
		answer->protocol = service->protocol;
		answer->addr = service->addr;
		answer->port = service->port;
		answer->fwmark = service->fwmark;
		answer->num_dests = service->num_dests;
		if (getsockopt(socket, IPPROTO_IP, IP_VS_SO_GET_DESTS, answer, &length))
			return fail("servers");
		servers += answer->num_dests;
		free(answer);
	}
	printf("%u services, %lu real servers\n", info.num_services, servers);
	return 0;
}

static int change_all(int socket, int services, int servers)
{
	struct {
		struct ip_vs_service_user service;
		struct ip_vs_dest_user server;
	} change;
	for (int i = 0; i < services; i++) {
		memset(&change, 0, sizeof change);
		change.service.protocol = IPPROTO_TCP;
		change.service.addr = htonl(10u << 24 | (i / 250 % 250) << 8 | (i % 250 + 1));
		change.service.port = htons(80);
		strcpy(change.service.sched_name, "rr");
		change.service.netmask = 0xffffffff;
		if (setsockopt(socket, IPPROTO_IP, IP_VS_SO_SET_ADD, &change.service, sizeof change.service))
			return fail("add a service");
		for (int j = 0; j < servers; j++) {
			change.server.addr = htonl(172u << 24 | 16 << 16 | (i / 250 % 250) << 8 | (i % 250 + 1));
			change.server.port = htons(8000 + j);
			change.server.weight = 1;
			if (setsockopt(socket, IPPROTO_IP, IP_VS_SO_SET_ADDDEST, &change, sizeof change))
				return fail("add a real server");
		}
	}
	return 0;
}

static int connect_all(int count)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
	to.sin_addr.s_addr = htonl(10u << 24 | 255 << 16 | 9);
	for (int i = 0; i < count; i++) {
		struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(2000 + i) };
		int client = socket(AF_INET, SOCK_DGRAM, 0);
		if (client < 0 || bind(client, (struct sockaddr *)&from, sizeof from))
			return fail("bind");
		sendto(client, "", 1, 0, (struct sockaddr *)&to, sizeof to);
		close(client);
	}
	return 0;
}

int main(int count, char **words)
{
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (raw < 0)
		return fail("socket");
	if (count == 2 && !strcmp(words[1], "read"))
		return read_all(raw);
	if (count == 4 && !strcmp(words[1], "change"))
		return change_all(raw, atoi(words[2]), atoi(words[3]));
	if (count == 3 && !strcmp(words[1], "connect"))
		return connect_all(atoi(words[2]));
	return 2;
}
