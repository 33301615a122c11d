using Cote.Tests.Harness;

namespace Cote.Tests.Http;

public sealed class UnknownPathTests(SharedApp shared)
{
    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task A_path_that_is_not_there_is_a_404_by_any_method(string method)
    {
        using var anyone = shared.App.Anonymous();

        var answer = await anyone.SendAsync(new HttpMethod(method), "/nothing");

        answer.Status.ShouldBe(404);
        answer.ErrorCode.ShouldBe("not_found");
        (await anyone.PostAsync("/openapi.json")).ErrorCode.ShouldBe("method_not_allowed"); // and not all is a 404
        (await anyone.GetAsync("/openapi.json")).Ok();
    }
}
