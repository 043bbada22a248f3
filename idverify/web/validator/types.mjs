// Written by tests/web/write_types.py from idverify/credentials/types and assurance.py: change those, then run it.

/** What an acr must be for a credential to rest on it. */
export const FOUNDING = Object.freeze([
  "urn:idverify:acr:live-active",
  "urn:idverify:acr:live-active-attested",
  "urn:idverify:acr:supervised-in-person"
]);

/** The types of credential, each in the shape of its file, without what no validator asks. */
export const TYPES = Object.freeze([
  {
    "vct": "urn:idverify:vct:driving-licence:1",
    "schema": {
      "properties": {
        "name": {},
        "licence_number": {},
        "date_of_birth": {},
        "vehicle_classes": {},
        "first_issued": {},
        "valid_until": {},
        "issuing_authority": {}
      },
      "required": [
        "name",
        "licence_number",
        "vehicle_classes",
        "valid_until"
      ]
    },
    "disclosed": [],
    "validity_days": 14,
    "slips": {
      "police": {
        "claims": [
          "name",
          "licence_number",
          "date_of_birth",
          "vehicle_classes",
          "first_issued",
          "valid_until",
          "issuing_authority"
        ],
        "selective": true
      }
    }
  },
  {
    "vct": "urn:idverify:vct:identity-card:1",
    "schema": {
      "properties": {
        "name": {},
        "date_of_birth": {},
        "sex": {},
        "nationality": {},
        "document_number": {},
        "address": {},
        "issuing_authority": {},
        "age_over_18": {},
        "portrait": {
          "contentEncoding": "base64"
        }
      },
      "required": [
        "name",
        "document_number"
      ]
    },
    "disclosed": [],
    "validity_days": 14,
    "slips": {
      "gate": {
        "claims": [
          "name",
          "age_over_18"
        ]
      },
      "gate_portrait": {
        "claims": [
          "name",
          "portrait"
        ],
        "portrait": true
      },
      "police": {
        "claims": [
          "name",
          "date_of_birth",
          "sex",
          "nationality",
          "document_number",
          "address",
          "issuing_authority"
        ],
        "selective": true
      }
    }
  },
  {
    "vct": "urn:idverify:vct:insurance-status:1",
    "schema": {
      "properties": {
        "plate_number": {},
        "policy_number": {},
        "insurer": {},
        "cover": {},
        "valid_from": {},
        "valid_until": {}
      },
      "required": [
        "plate_number",
        "policy_number",
        "insurer",
        "valid_until"
      ]
    },
    "disclosed": [],
    "validity_days": 14,
    "slips": {
      "police": {
        "claims": [
          "plate_number",
          "policy_number",
          "insurer",
          "cover",
          "valid_from",
          "valid_until"
        ],
        "selective": true
      }
    }
  },
  {
    "vct": "urn:idverify:vct:proof-of-life:1",
    "schema": {
      "properties": {
        "name": {},
        "document_number": {},
        "period": {}
      },
      "required": [
        "name",
        "period"
      ]
    },
    "disclosed": [
      "period"
    ],
    "validity_days": 184,
    "slips": {
      "counter": {
        "claims": [
          "name",
          "period"
        ]
      }
    }
  },
  {
    "vct": "urn:idverify:vct:vehicle-licence:1",
    "schema": {
      "properties": {
        "plate_number": {},
        "vehicle_type": {},
        "owner": {},
        "model": {},
        "vehicle_identification_number": {},
        "registered": {},
        "inspection_valid_until": {}
      },
      "required": [
        "plate_number",
        "vehicle_identification_number"
      ]
    },
    "disclosed": [],
    "validity_days": 14,
    "slips": {
      "police": {
        "claims": [
          "plate_number",
          "vehicle_type",
          "owner",
          "model",
          "vehicle_identification_number",
          "registered",
          "inspection_valid_until"
        ],
        "selective": true
      }
    }
  }
]);
