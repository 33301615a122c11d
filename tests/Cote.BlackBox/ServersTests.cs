using System.Net;
using RabbitMQ.Client.Exceptions;

namespace Cote.BlackBox;

/// <summary>The servers that other tests stand on do what those tests rely on.</summary>
[Trait("Stage", "slow")]
public sealed class ServersTests
{
    [Fact]
    public async Task A_cluster_keeps_what_was_committed_through_an_immediate_stop_and_leaves_nothing_behind()
    {
        await using var cluster = await PostgresCluster.StartAsync(fsync: true);
        var url = await cluster.CreateDatabaseAsync();
        await cluster.QueryAsync("create table kept(n int); insert into kept values (42)", url);
        (await cluster.QueryAsync("show fsync"))[0][0].ShouldBe("on");
        var folder = (string)(await cluster.QueryAsync("show data_directory"))[0][0]!;
        Directory.Exists(folder).ShouldBeTrue();

        await cluster.StopAsync(immediate: true);
        await Should.ThrowAsync<Npgsql.NpgsqlException>(() => cluster.QueryAsync("select 1"));
        await cluster.StartAgainAsync();

        (await cluster.QueryAsync("select n from kept", url))[0][0].ShouldBe(42);
        var copy = await cluster.CreateDatabaseAsync(template: url);
        (await cluster.QueryAsync("select n from kept", copy))[0][0].ShouldBe(42);
        await using (await cluster.ConnectAsync(copy))
            await cluster.DropDatabaseAsync(copy);
        (await cluster.QueryAsync(
            $"select count(*) from pg_database where datname = '{new Uri(copy).AbsolutePath[1..]}'"))[0][0]
            .ShouldBe(0L);
        await cluster.DisposeAsync();
        Directory.Exists(folder).ShouldBeFalse();
    }

    [Fact]
    public async Task A_frozen_backend_answers_nothing_until_it_is_thawed()
    {
        await using var cluster = await PostgresCluster.StartAsync();
        var url = await cluster.CreateDatabaseAsync();
        await using var db = await cluster.ConnectAsync(url);
        await using (var name = new Npgsql.NpgsqlCommand("set application_name = 'cote listen'", db))
            await name.ExecuteNonQueryAsync();
        var backend = (await cluster.BackendsAsync("cote listen", url)).ShouldHaveSingleItem();
        (await cluster.BackendsAsync("cote listen", await cluster.CreateDatabaseAsync())).ShouldBeEmpty();

        await cluster.FreezeAsync(backend);
        await using var ask = new Npgsql.NpgsqlCommand("select 1", db);
        var answer = ask.ExecuteScalarAsync();
        (await cluster.QueryAsync("select 2"))[0][0].ShouldBe(2); // all others are served
        answer.IsCompleted.ShouldBeFalse();
        await cluster.ThawAsync(backend);

        (await answer.InTimeAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_broker_speaks_amqp_and_comes_back_on_its_port_after_a_crash()
    {
        await using var broker = await RabbitNode.StartAsync();
        await SpeakAsync();

        await broker.StopAsync(immediate: true);
        await Should.ThrowAsync<BrokerUnreachableException>(broker.ConnectAsync);
        await broker.StartAgainAsync();

        await SpeakAsync();
        await broker.StopAsync();

        // What it kept is not asked: a broker that is killed may lose what it declared a moment before.
        async Task SpeakAsync()
        {
            await using var connection = await broker.ConnectAsync();
            await using var channel = await connection.CreateChannelAsync();
            (await channel.QueueDeclareAsync("asked", durable: true, exclusive: false, autoDelete: false)).QueueName
                .ShouldBe("asked");
        }
    }

    [Fact]
    public async Task A_proxy_passes_on_and_takes_another_configuration_while_it_runs()
    {
        await using var model = await FakeModelServer.Start();
        await using var proxy = await NginxProxy.StartAsync(port => Config(port, "return 201;"));
        using var http = new HttpClient { BaseAddress = proxy.Url };
        (await http.GetAsync("/")).StatusCode.ShouldBe(HttpStatusCode.Created);

        await proxy.ReloadAsync(
            port => Config(port, $"proxy_pass {new Uri(model.OpenAiUrl).GetLeftPart(UriPartial.Authority)};"));

        using var fresh = new HttpClient { BaseAddress = proxy.Url };
        (await fresh.GetAsync("/nothing")).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        static string Config(int port, string action) =>
            $$"""
            events {}
            http {
                access_log /dev/stdout;
                server {
                    listen 127.0.0.1:{{port}};
                    location / { {{action}} }
                }
            }
            """;
    }
}
