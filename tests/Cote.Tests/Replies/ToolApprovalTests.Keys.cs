using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

public sealed partial class ToolApprovalTests
{
    [Fact]
    public async Task A_key_allows_a_call_where_it_may_approve_and_speaks_for_a_client_where_it_may_write()
    {
        var (_, reply, _) = await WaitAsync(FakeReply.Text("Done."));
        using var writer = await Ada.WithKeyAsync("read", "write", "v1");
        using var approver = await Ada.WithKeyAsync("approve");
        var path = $"/chats/{Chat}/messages/{reply}/tool_calls/call_0_0";

        foreach (var answer in new object[] { new { approve = true }, new { approve = false } })
            (await writer.PostAsync(path, answer))
                .ShouldBeProblem(403, "insufficient_scope", "This API key may not do this");
        foreach (var answer in new object[] { new { output = "x" }, new { error = "x" }, new { } })
            (await approver.PostAsync(path, answer)).ErrorCode.ShouldBe("insufficient_scope");
        (await writer.PostAsync(path, new { output = "x" })).Status.ShouldBe(422);
        Tools.Ran.ShouldBeEmpty();
        (await approver.PostAsync(path, new { approve = true })).Ok();

        (await Ada.EndOfAsync(Chat, reply)).Text("content").ShouldBe("I would.\n\nDone.");
    }
}
