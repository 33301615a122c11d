using System.Text.Json;
using Cote.Admin;
using Cote.Tests.Harness;
using Cote.Tests.Usage;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Admin;

/// <summary>What admins are told of the installation.</summary>
public sealed class OverviewTests
{
    [Fact]
    public async Task The_installation_is_told_in_numbers()
    {
        await using var app = await CoteApp.StartAsync();
        using var root = await app.RegisterAdminAsync();
        using var ada = await app.RegisterAsync();
        using var eve = await app.RegisterAsync();
        (await root.PostAsync($"/admin/users/{eve.Id}/disable")).Ok();
        await ada.WaitForToolAsync("demo/approval");

        var told = (await root.GetAsync("/admin/overview")).Ok().Json;

        (told.Number("users"), told.Number("admins"), told.Number("disabled_users")).ShouldBe((3, 1, 1));
        told.GetProperty("open_replies").GetRawText().ShouldBe("""{"queued":0,"running":0,"waiting":1}""");
        told.Number("database_bytes").ShouldBeGreaterThan(100_000);
        told.Number("schema").ShouldBeGreaterThanOrEqualTo(25);
        told.Text("engine").ShouldBeOneOf("sqlite", "postgres");
        var node = told.GetProperty("nodes").EnumerateArray().ToList().ShouldHaveSingleItem();
        node.Text("version").ShouldBe(told.Text("version"));
        node.GetProperty("slots").Number("total").ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Many_accounts_are_counted_once_a_minute_and_few_each_time()
    {
        var time = new HeldTime(TimeSpan.FromDays(1_000));
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(time));
        using var root = await app.RegisterAdminAsync();
        (await CountAsync()).ShouldBe(1);
        using var ada = await app.RegisterAsync();
        (await CountAsync()).ShouldBe(2, "few are counted each time");
        await AddAsync(1, UserCount.MostCounted);

        (await CountAsync()).ShouldBe(UserCount.MostCounted + 2);
        await AddAsync(UserCount.MostCounted + 1, UserCount.MostCounted + 1);
        (await CountAsync()).ShouldBe(UserCount.MostCounted + 2, "it is kept for a minute");
        time.Shift = TimeSpan.FromSeconds(61);
        (await CountAsync()).ShouldBe(UserCount.MostCounted + 3);

        async Task<long> CountAsync() => (await root.GetAsync("/admin/overview")).Ok().Json.Number("users");

        Task AddAsync(long first, long last) => app.SetRowsAsync($"""
            with recursive n (i) as (select {first} union all select i + 1 from n where i < {last})
            insert into users (id, username, username_key, email, email_key, password_hash, created_at)
            select 'one-' || i, 'one-' || i, 'one-' || i, 'one-' || i, 'one-' || i, '', 1 from n
            """);
    }
}

/// <summary>What tests ask of the rows of providers.</summary>
static class ProviderRows
{
    public static async Task<JsonElement> ProviderAsync(this CoteClient root, string name) =>
        (await root.GetAsync("/admin/providers")).Ok().Json.EnumerateArray().Single(x => x.Text("name") == name);

    public static async Task<JsonElement> ModelAsync(this CoteClient root, string provider, string model) =>
        (await root.ProviderAsync(provider)).GetProperty("models").EnumerateArray()
            .Single(x => x.Text("name") == model);
}
