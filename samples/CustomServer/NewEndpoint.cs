using Cote;

namespace CustomServer;

static class NewEndpoint
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/new-endpoint", Get).RequireAuthorization();
        routes.MapPost("/new-endpoint", Post).RequireAuthorization();
    }

    // CurrentUser is the user whose token came with the request. The answer is in snake_case, as all of Cote's are.
    static IResult Get(CurrentUser user) => Results.Ok(new { Data = "response", UserId = user.Id });

    // A body with two fields that must be there and one that may be.
    static async Task<IResult> Post(HttpContext http, CurrentUser user)
    {
        var request = await Body.ReadAsync(http);
        var field1 = request.Text("field1", min: 1, max: 100);
        var field2 = request.OptionalInteger("field2", min: 0, max: 1_000);
        var field3 = request.OptionalText("field3", min: 0, max: 100);
        if (!request.Has("field2"))
            request.AddError("field2", "field2 must be there");
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        return Results.Ok(new { UserId = user.Id, field1, field2, field3 });
    }
}
