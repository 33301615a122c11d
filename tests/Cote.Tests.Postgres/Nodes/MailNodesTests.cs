using Cote.Tests.Harness;

namespace Cote.Tests.Nodes;

/// <summary>Mail where any node may send it.</summary>
[Trait("Stage", "slow")]
public sealed class MailNodesTests
{
    [Fact]
    public async Task Two_nodes_send_each_mail_once_and_a_code_works_on_both()
    {
        await using var mail = FakeMailServer.Start();
        await using var here = await CoteApp.StartAsync(x => MailApp.Add(x), mail.Settings);
        await using var there = await here.StartNeighbourAsync(mail.Settings);
        var users = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => here.RegisterAsync()));
        using var atOther = there.Anonymous();

        await Task.WhenAll(users.Select((x, i) => i % 2 == 0 ? x.ForgetAsync() : atOther.ForgetAsync(x.Address())));
        foreach (var user in users)
            await mail.NextAsync(user.Address());
        await Patience.UntilAsync(async () => (await here.RowsAsync())["mails"].Count == 0, "all are sent");

        users.ShouldAllBe(x => mail.To(x.Address()).Count == 1);
        (await atOther.ResetAsync(mail.To(users[0].Address())[0].Code, "another horse battery")).Ok();
        await Patience.UntilAsync(
            async () => (await users[0].GetAsync("/users/me")).Status == 401, "its session has ended here too");
        foreach (var user in users)
            user.Dispose();
    }
}
