def test_probe(api):
    for m,p,h in [("GET","/v1/schemes/a%00b",{}),("GET","/v1/schemes/%ff",{}),("GET","/v1/schemes/"+"x"*3000,{}),("PUT","/v1/organisation-sets/A%20B",{}),("GET","/v1/entitlements?person_id=01890000-0000-7000-8000-000000000000",{}),("GET","/v1/figures?as_of=9999-12-31",{}),("GET","/v1/figures?as_of=0001-01-01",{}),("GET","/v1/people?limit=%C2%B2",{}),("GET","/v1/organisation-sets/x?on=0001-01-01",{}),("GET","/v1/people",{"Accept_Language":"x"*2000}),("GET","/v1/organisations/01890000-0000-7000-8000-000000000000",{"If_None_Match":"garbage"})]:
        a=api.send(m,p,{"name":{"zh-CN":"a","en":"b"},"members":[]} if m=="PUT" else None,**h)
        print(m,p[:60],a.status,a.body[:140])
        assert a.status<500
    for body in ['{"kind":"venue","name":"x","attributes":{"a":1e308}}','{"kind":"venue","name":"'+"x"*100000+'"}','{"kind":[],"name":{}}','{"kind":"venue","name":"x","trusted_departments":"abc"}','{"kind":"venue","name":"\u202e\u0001"}']:
        a=api.send("POST","/v1/organisations",body); print(a.status,a.body[:160]); assert a.status<500
    for body in ['{"pass":"x","place_id":"01890000-0000-7000-8000-000000000000","nonce":"n","at":"9999-12-31T23:59:59-23:59"}','{"pass":"'+"A"*9000+'","place_id":"01890000-0000-7000-8000-000000000000","nonce":"n"}','{"pass":"x","place_id":"01890000-0000-7000-8000-000000000000","nonce":""}','{"pass":"x","place_id":"01890000-0000-7000-8000-000000000000","nonce":"n","at":"0001-01-01T00:00:00+14:00"}']:
        a=api.send("POST","/v1/redemptions",body); print(a.status,a.body[:200]); assert a.status<500
